// The composer: counts as the server does, grows with the text, posts with Ctrl+Enter or Cmd+Enter.
const URL_CHARACTERS = 23;
const URL_STORED_CHARACTERS = 2000;
const WARN_AT = 20;
const TAG_CHARACTERS = 100;
const STORED_CHARACTERS = 5000;
// Mentions and tags are found too, because a link that begins inside one is none.
const ENTITY = new RegExp(
  "(?<url>[Hh][Tt][Tt][Pp][Ss]?://[^\\s<>\"'`|\\\\^{}]+)"
  + "|(?<![A-Za-z0-9_/@.])@(?<mention>[A-Za-z0-9_]{1,30})(?![A-Za-z0-9_@])"
  + "|(?<![\\p{L}\\p{N}_/&#])#(?<tag>[\\p{L}\\p{M}\\p{N}_\u200c\u200d]+)",
  "gu",
);
const TAG = /^[\p{L}\p{M}\p{N}_\u200c\u200d]+$/u;
const TAIL = ".,;:!?…*_~)]'\"";
// The labels of a host: domain/text.py says why each of these rules is.
const LABEL = /^[\p{L}\p{M}\p{Nd}\-_·・]*$/u;
const DISGUISES = /[\p{Default_Ignorable_Code_Point}\u{13441}\u{13442}\u0337\u0338\u2cc6\u2cc7\u3033\u4e3f\uff89]|(?<=[^\u30a1-\u30fa\u30fc-\u30ff])\u30ce/u;
const LATIN = /^[\x00-\x7f·\u00c0-\u017f\u01a0\u01a1\u01af\u01b0\u01cd-\u0233\u1e00-\u1eff]*$/;
const INVISIBLE = /[\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]/g;
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029]/g;
const BLANK_LINES = /\n(?:[ \t]*\n)+/g;

const codePoints = (text) => [...text].length;
const occurrences = (text, character) => text.split(character).length - 1;

function withoutTail(link) {
  let url = link;
  while (TAIL.includes(url.at(-1))) {
    const last = url.at(-1);
    const closes = (last === ")" && occurrences(url, "(") >= occurrences(url, ")"))
      || (last === "]" && occurrences(url, "[") >= occurrences(url, "]"));
    if (closes) break;
    url = url.slice(0, -1);
  }
  return url;
}

function isTag(word) {
  const name = word.normalize("NFKC").toLowerCase();
  return /\p{L}/u.test(word) && codePoints(name) <= TAG_CHARACTERS && TAG.test(name);
}

function isLabel(label) {
  return LABEL.test(label) && !DISGUISES.test(label) && (LATIN.test(label) || !/[A-Za-z]/.test(label));
}

// The server's rule, not the browser's: a host of a host's letters, no name before it, and a port that exists, if any.
function isLinkable(url) {
  const [host] = url.slice(url.indexOf("//") + 2).split(/[/?#]/, 1);
  const parts = /^(?:\[[\da-f:.]+\]|(?<name>[^:]+))(?::(?<port>\d{0,5}))?$/i.exec(host);
  if (url.length > URL_STORED_CHARACTERS || !parts) return false;
  const { name, port } = parts.groups;
  return (!port || (port > 0 && port < 65_536)) && (!name || name.split(/[.。．｡]/).every(isLabel));
}

/** Characters of a post: code points of the cleaned text, each link counting 23 (domain/text.py says the same). */
export function count(raw) {
  const text = raw.replace(/\r\n?/g, "\n").replace(CONTROL, "").replace(INVISIBLE, "").normalize("NFC")
    .replace(BLANK_LINES, "\n\n").trim();
  let length = codePoints(text);
  if (length > STORED_CHARACTERS) return length;
  ENTITY.lastIndex = 0;
  for (let match = ENTITY.exec(text); match; match = ENTITY.exec(text)) {
    const { url: found, tag } = match.groups;
    const url = found && withoutTail(found);
    if (url && isLinkable(url)) {
      length += URL_CHARACTERS - codePoints(url);
      ENTITY.lastIndex = match.index + url.length;
    } else if (url || (tag && !isTag(tag))) {
      ENTITY.lastIndex = match.index + 1;
    }
  }
  return length;
}

function start(form) {
  const area = form.querySelector("textarea");
  const counter = form.querySelector("[data-count]");
  const announcer = form.querySelector("[data-count-announce]");
  const limit = Number(form.dataset.limit);
  const grows = CSS.supports("field-sizing", "content");

  function update() {
    const left = limit - count(area.value);
    counter.textContent = area.value ? String(left) : counter.dataset.empty;
    counter.classList.toggle("is-near", left <= WARN_AT && left >= 0);
    counter.classList.toggle("is-over", left < 0);
    const sentence = left < 0 ? form.dataset.over : form.dataset.left;
    counter.title = sentence.replace("{count}", Math.abs(left));
    // Spoken on entering the last twenty, at each ten and each time it is too long: not at every key.
    announcer.textContent = left < 0 || (left <= WARN_AT && left % 10 === 0) ? counter.title : "";
    if (!grows) {
      area.rows = Math.min(20, Math.max(Number(area.dataset.rows), area.value.split("\n").length + 1));
    }
  }

  counter.dataset.empty = counter.textContent;
  area.dataset.rows = area.rows;
  area.addEventListener("input", update);
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  update();
}

document.querySelectorAll("[data-composer]").forEach(start);

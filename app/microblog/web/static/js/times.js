// Keeps relative times true while a page stays open, and shows visitors exact times in their own zone.
// The units are CLDR's narrow ones, as on the server; from a week on the server's date stays.
const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;
const WEEK = 604800;
const language = document.documentElement.lang || "en";
const isVisitor = document.body.hasAttribute("data-visitor");
const exact = new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "long" });
const formats = new Map();

function inUnits(count, unit) {
  if (!formats.has(unit)) {
    formats.set(unit, new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "narrow" }));
  }
  return formats.get(unit).format(count);
}

export function age(seconds) {
  if (seconds < MINUTE || seconds >= WEEK) return null;
  if (seconds < HOUR) return inUnits(Math.floor(seconds / MINUTE), "minute");
  if (seconds < DAY) return inUnits(Math.floor(seconds / HOUR), "hour");
  return inUnits(Math.floor(seconds / DAY), "day");
}

function refresh() {
  if (document.hidden) return;
  for (const time of document.querySelectorAll("time[title]")) {
    const text = age((Date.now() - Date.parse(time.dateTime)) / 1000);
    if (text && text !== time.textContent) time.textContent = text;
  }
}

if (isVisitor) {
  for (const time of document.querySelectorAll("time[title]")) {
    time.title = exact.format(new Date(time.dateTime));
  }
}
setInterval(refresh, 30_000);
document.addEventListener("visibilitychange", refresh);

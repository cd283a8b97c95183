"""Words for seeded posts: what people talk about, in sentences with gaps."""

import re
from dataclasses import dataclass
from random import Random

from microblog.services.seeding_vocabulary import GAPS

GAP = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Topic:
    """What a post is about: its tags, most likely first, and its sentences."""

    tags: tuple[str, ...]
    sentences: tuple[str, ...]


TOPICS = (
    Topic(
        ("cooking", "baking", "food", "recipes", "FoodFromScratch"),
        (
            "Made {food} {time}. {feeling}",
            "The secret of {food} is patience, and more butter than you dare to write down.",
            "Does anybody have a good recipe for {food}?",
            "{food} for dinner, {food} for breakfast.",
            "My grandmother's {food} had no recipe, only opinions.",
            "Burnt the {food}. Ordered pizza. {feeling}",
        ),
    ),
    Topic(
        ("gardening", "allotment", "plants", "garden"),
        (
            "Finally planted {plant} {time}. {feeling}",
            "Slugs: 14. Me and {plant}: 0.",
            "{weather} {time}, and {plant} don't mind at all.",
            "How often do you water {plant}?",
            "Everything in the garden happens at once, or not at all.",
            "I have more {plant} than friends to give them to.",
        ),
    ),
    Topic(
        ("birds", "nature", "wildlife", "MorningWalk"),
        (
            "Saw {animal} near {place} {time}.",
            "{weather} at {place}, and {animal} looking at me as if I were late.",
            "Went out for the light, stayed for {animal}.",
            "Walked {distance} along {place}. {feeling}",
            "Nobody believes me about {animal}. I have a blurry photo as proof.",
        ),
    ),
    Topic(
        ("books", "reading", "bookstodon", "AmReading"),
        (
            "Reading {book} {time}. {feeling}",
            "Page 80 of {book} and I have changed my mind twice.",
            "Lent my copy of {book} to somebody. I will never see it again, and that is fine.",
            "What should I read after {book}?",
            "The second-hand shop at {place} had {book} for two coins.",
        ),
    ),
    Topic(
        ("programming", "python", "postgres", "opensource", "til", "debugging"),
        (
            "It was {fault}. It is always {fault}.",
            "Lost a whole evening to {fault}. {feeling}",
            "Rewrote 400 lines of {language} as 40 lines of {language}. {feeling}",
            "The tests are green and I don't trust them.",
            "Today I learnt that {language} can do that without a library.",
            "A comment that says why is worth ten that say what.",
            "Deleted more code than I wrote {time}. {feeling}",
        ),
    ),
    Topic(
        ("music", "NowPlaying", "practice", "jazz"),
        (
            "Practised {instrument} {time}. The neighbours are very polite about it.",
            "Somebody played {instrument} at {place} {time}, and everybody stopped walking.",
            "Learning {instrument} at my age: {feeling}",
            "A concert with nothing but {instrument} and a bad microphone. {feeling}",
        ),
    ),
    Topic(
        ("cycling", "running", "hiking", "outdoors"),
        (
            "{distance} to {place} and back. {feeling}",
            "{weather}, {distance}, one flat tyre.",
            "The way up to {place} is longer than the map says.",
            "Missed the last train at {place}, so {distance} on foot it was.",
            "New shoes, old knees. {feeling}",
        ),
    ),
    Topic(
        ("film", "cinema", "weekend"),
        (
            "Saw {film} {time}. {feeling}",
            "Three people in the cinema for {film}, one of them asleep.",
            "{film}: go and see it before it's gone.",
        ),
    ),
    Topic(
        ("making", "crafts", "woodworking", "knitting"),
        (
            "Made {craft} {time}. Don't look at it from the left.",
            "Started {craft}. It will be done by winter. Some winter.",
            "{craft} is finished! {feeling}",
            "I can't buy things any more without thinking: I could make that.",
        ),
    ),
    Topic(
        ("photography", "weather", "GoodMorning", "caturday"),
        (
            "{weather} over {place} {time}.",
            "Good morning from {place}: {weather}.",
            "The light at {place} lasts four minutes. I had the lens cap on for three.",
            "{weather}. Tea. No plans. {feeling}",
        ),
    ),
)

REPLIES = (
    "So much this.",
    "I tried the same {time}. {feeling}",
    "Thank you, I needed to read this today.",
    "Where was this? It looks like {place}.",
    "Have you tried it with {language}?",
    "Ha! We had {animal} here {time}.",
    "That is exactly what {book} is about, in a way.",
    "I'd like to hear more about this.",
    "Same here: {weather}.",
    "I disagree a little, but I like how you put it.",
    "Next time bring {food}!",
    "How long did it take you?",
    "Congratulations! 🎉",
    "Oh no. I hope it gets better soon.",
    "This made my day 😄",
    "My bet is on {fault}.",
    "Can you show a picture?",
    "You are not alone with this.",
    "Let's do that together some day.",
    "Saving this for later.",
)
MENTIONS = (
    "@{name} look at this!",
    "(with @{name})",
    "Thanks to @{name} for the tip.",
    "@{name} was right.",
    "cc @{name}",
)
LINKS = (
    "https://example.org/notes/{number}",
    "https://example.com/recipes/{number}-by-hand",
    "https://www.example.net/photos/{number}",
    "https://example.org/archive/2024/a-much-longer-address-than-anybody-wants-to-read/{number}?page=2",
)
BIOS = (
    "{job} in {city}.",
    "{job}. Likes {food} and {book}.",
    "Mostly {topic} and {topic}.",
    "{city} · {topic} · {topic}",
    "I write about {topic}. Opinions are my own, typos too.",
    "{job} by day, {instrument} by night.",
    "Learning {language}. Growing {plant}.",
)


def fill(random: Random, sentence: str) -> str:
    """The sentence with its gaps filled and a capital at its start."""
    filled = GAP.sub(lambda gap: random.choice(GAPS[gap[1]]), sentence)
    return filled[:1].upper() + filled[1:]


def write_post(random: Random, mentioned: str | None) -> str:
    """A post of one to three sentences, some with tags, a link, or the name of somebody."""
    topic = random.choice(TOPICS)
    count = random.choices((1, 2, 3), (60, 30, 10))[0]
    sentences = [fill(random, one) for one in random.sample(topic.sentences, count)]
    text = ("\n\n" if random.random() < 0.1 else " ").join(sentences)
    if mentioned is not None:
        text += " " + random.choice(MENTIONS).format(name=mentioned)
    if random.random() < 0.06:
        text += " " + random.choice(LINKS).format(number=random.randrange(1, 10_000))
    if random.random() < 0.35:
        # The square of a random number: the first tags of a topic are the common ones.
        tags = {topic.tags[int(random.random() ** 2 * len(topic.tags))] for _ in range(random.randint(1, 3))}
        text += ("\n\n" if random.random() < 0.3 else " ") + " ".join(f"#{tag}" for tag in sorted(tags))
    return text


def write_reply(random: Random, answered: str | None) -> str:
    """An answer, which names whom it answers (None: oneself)."""
    text = fill(random, random.choice(REPLIES))
    return f"@{answered} {text}" if answered else text


def write_bio(random: Random, job: str, city: str) -> str:
    """A line about somebody; some people write none."""
    if random.random() < 0.15:
        return ""
    sentence = random.choice(BIOS).replace("{job}", job).replace("{city}", city)
    while "{topic}" in sentence:
        sentence = sentence.replace("{topic}", "#" + random.choice(random.choice(TOPICS).tags), 1)
    return fill(random, sentence)

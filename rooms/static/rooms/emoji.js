/** The emoji offered, by group: `[group, [[emoji, names], …]]`; the first of the names is the one shown. */

const LINES = `
# Faces
😀 grinning|happy smile
😃 smiling, open mouth|happy
😄 smiling eyes|happy joy
😁 beaming|grin
😆 squinting laugh|haha
😅 sweat smile|relief
🤣 rolling on the floor|rofl lol
😂 tears of joy|lol laugh
🙂 slight smile|
🙃 upside down|irony silly
😉 wink|
😊 blushing smile|happy
😇 halo|angel innocent
🥰 in love|hearts adore
😍 heart eyes|love
🤩 star-struck|wow
😘 blowing a kiss|
😋 delicious|yum tasty
😜 winking tongue|joke
🤪 zany|crazy
😎 sunglasses|cool
🤓 nerd|glasses
🧐 monocle|inspect
🤗 hug|
🤔 thinking|hmm
🫡 salute|yes sir
🤨 raised eyebrow|doubt
😐 neutral|meh
😑 expressionless|
😶 no mouth|speechless
🫥 dotted line|invisible
😏 smirk|
😒 unamused|
🙄 rolling eyes|
😬 grimace|awkward
😌 relieved|calm
😔 pensive|sad
😴 sleeping|tired zzz
😪 sleepy|
🤤 drooling|
😷 mask|ill
🤒 thermometer|ill fever
🤕 bandage|hurt
🤢 nauseated|sick
🤧 sneezing|cold
🥵 hot|heat
🥶 cold|freezing
🥴 woozy|
🤯 mind blown|exploding
🥳 partying|celebrate birthday
😕 confused|
🫤 diagonal mouth|skeptical
😟 worried|
🙁 slight frown|sad
😮 open mouth|oh surprise
😲 astonished|wow
😳 flushed|embarrassed
🥺 pleading|please
🥹 holding back tears|touched
😨 fearful|
😰 anxious|sweat
😢 crying|sad tear
😭 sobbing|cry
😱 screaming|fear
😞 disappointed|
😩 weary|
🥱 yawning|tired bored
😤 huffing|triumph
😡 angry, red|rage
😠 angry|
🤬 swearing|
😈 smiling devil|
💀 skull|dead
💩 pile of poo|
🤡 clown|
👻 ghost|
👽 alien|
🤖 robot|bot
😺 smiling cat|
🙈 see no evil|monkey
🙉 hear no evil|monkey
🙊 speak no evil|monkey

# Hands and people
👋 waving hand|hello bye hi
🤚 raised back of hand|
✋ raised hand|stop high five
🖖 vulcan salute|
👌 ok hand|perfect
🤌 pinched fingers|
🤏 pinching|small
✌️ victory|peace
🤞 crossed fingers|luck
🫰 finger heart|
🤘 sign of the horns|rock
🤙 call me|
👈 pointing left|
👉 pointing right|
👆 pointing up|
👇 pointing down|
☝️ index up|one
👍 thumbs up|yes like +1 agree
👎 thumbs down|no dislike -1
✊ raised fist|
👊 oncoming fist|punch
👏 clapping|applause bravo
🙌 raising hands|hooray
🫶 heart hands|love
👐 open hands|
🤝 handshake|deal
🙏 folded hands|thanks please pray
✍️ writing hand|
💪 biceps|strong
🧠 brain|
👀 eyes|look
👁️ eye|
🫂 hugging|
🙋 raising hand|question
🤷 shrug|dunno
🤦 facepalm|
🙇 bowing|sorry
💁 tipping hand|
🧑‍💻 technologist|computer
🧑‍🚀 astronaut|
🧑‍🍳 cook|
🧑‍🎓 student|graduate
🥷 ninja|
🦸 superhero|
🧙 mage|wizard
🏃 running|
💃 dancing woman|
🕺 dancing man|

# Hearts and signs
❤️ red heart|love
🧡 orange heart|
💛 yellow heart|
💚 green heart|
💙 blue heart|
💜 purple heart|
🖤 black heart|
🤍 white heart|
💔 broken heart|
💖 sparkling heart|
💯 hundred|perfect
✅ check mark|done yes
☑️ ticked box|
❌ cross mark|no
❗ exclamation|
❓ question|
⚠️ warning|
🚫 prohibited|
⛔ no entry|
♻️ recycling|
✨ sparkles|new
⭐ star|
🌟 glowing star|
💫 dizzy|
💥 collision|boom
🔥 fire|hot lit
💧 droplet|
💤 zzz|sleep
💬 speech balloon|chat talk
💭 thought balloon|
🔔 bell|
🔕 bell off|mute
🎵 musical note|
➕ plus|
➖ minus|
➡️ arrow right|
⬅️ arrow left|
⬆️ arrow up|
⬇️ arrow down|
🔴 red circle|
🟠 orange circle|
🟡 yellow circle|
🟢 green circle|
🔵 blue circle|
⚪ white circle|
⚫ black circle|

# Nature
🐶 dog|
🐱 cat|
🐭 mouse|
🐰 rabbit|
🦊 fox|
🐻 bear|
🐼 panda|
🐨 koala|
🐯 tiger|
🦁 lion|
🐮 cow|
🐷 pig|
🐸 frog|
🐵 monkey|
🐔 chicken|
🐧 penguin|linux
🐦 bird|
🦆 duck|
🦉 owl|
🐝 bee|
🐛 bug|
🦋 butterfly|
🐌 snail|slow
🐢 turtle|slow
🐍 snake|python
🐙 octopus|
🐬 dolphin|
🐳 whale|docker
🦀 crab|rust
🐘 elephant|postgres
🦄 unicorn|
🌱 seedling|
🌲 evergreen|tree
🌵 cactus|
🍀 four leaf clover|luck
🌷 tulip|flower
🌸 blossom|flower
🌻 sunflower|
🍄 mushroom|
🌍 globe|earth world
🌙 moon|night
☀️ sun|
⛅ sun behind cloud|
🌧️ rain|
⛈️ thunderstorm|
❄️ snowflake|
🌈 rainbow|
🌊 wave|sea

# Food and drink
🍎 apple|
🍌 banana|
🍓 strawberry|
🍇 grapes|
🍉 watermelon|
🍋 lemon|
🍑 peach|
🥑 avocado|
🍅 tomato|
🥕 carrot|
🌶️ chilli|hot pepper
🥐 croissant|
🍞 bread|
🥨 pretzel|
🧀 cheese|
🥚 egg|
🥗 salad|
🍔 burger|
🍟 fries|
🍕 pizza|
🌮 taco|
🍜 noodles|ramen
🍣 sushi|
🍦 ice cream|
🍩 doughnut|
🍪 cookie|
🎂 birthday cake|
🍰 cake|
🍫 chocolate|
🍿 popcorn|
☕ coffee|tea hot
🍵 tea|
🧃 juice|
🍺 beer|
🍻 beers|cheers
🥂 clinking glasses|cheers
🍷 wine|
🧉 mate|

# Doing things
🎉 party popper|congratulations tada
🎊 confetti|
🎈 balloon|
🎁 present|gift
🏆 trophy|win
🥇 gold medal|first
🎯 bullseye|target
⚽ football|soccer
🏀 basketball|
🎾 tennis|
🏓 table tennis|
🚴 cycling|bike
🏊 swimming|
🧘 yoga|calm
🎮 video game|
🎲 die|dice
🧩 puzzle|
♟️ chess|
🎨 palette|art
🎸 guitar|
🎧 headphones|music
🎬 clapper board|film
📚 books|
🚀 rocket|ship launch
🚗 car|
🚆 train|
✈️ plane|travel
🚲 bicycle|
⛵ sailing boat|
🏠 house|home
🏢 office|
🏖️ beach|holiday
⛰️ mountain|
🏕️ camping|

# Things
💻 laptop|computer
🖥️ desktop|screen
⌨️ keyboard|
📱 phone|mobile
🔋 battery|
🔌 plug|
💡 light bulb|idea
🔦 torch|
🕯️ candle|
🔧 wrench|fix
🔨 hammer|
🛠️ tools|
⚙️ gear|settings
🧪 test tube|experiment
🔬 microscope|
🔭 telescope|
🧲 magnet|
🧹 broom|clean
🗑️ bin|trash
🔒 locked|
🔓 unlocked|
🔑 key|
🧭 compass|
⏰ alarm clock|time
⏳ hourglass|wait
⌛ hourglass done|
📅 calendar|date
📌 pin|
📎 paperclip|
✂️ scissors|
📝 memo|note
✏️ pencil|
📖 open book|read
📦 package|box
📬 mailbox|
✉️ envelope|mail
📢 loudspeaker|announce
📈 chart up|
📉 chart down|
📊 bar chart|
🔍 magnifier|search
🔗 link|
🧯 fire extinguisher|
🩹 plaster|patch
💰 money bag|
💳 card|
🏁 chequered flag|finish
🚩 red flag|
🏳️‍🌈 rainbow flag|pride
`;

export const GROUPS = parse(LINES);

/** The emoji whose names hold every word of the query. */
export function findEmoji(query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const all = GROUPS.flatMap(([, entries]) => entries);
  return all.filter(([, names]) => words.every((word) => names.includes(word)));
}

function parse(lines) {
  const groups = [];
  for (const line of lines.split("\n")) {
    if (line.startsWith("# ")) groups.push([line.slice(2), []]);
    else if (line) groups.at(-1)[1].push(entryOf(line));
  }
  return groups;
}

function entryOf(line) {
  const space = line.indexOf(" ");
  return [line.slice(0, space), line.slice(space + 1).replace("|", " | ").trim()];
}

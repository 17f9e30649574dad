// What npm's dotenv takes from each text: a list of texts in base64 on standard input gives a list of objects.
const { parse } = require("dotenv");
const texts = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify([true, texts.map((text) => parse(Buffer.from(text, "base64").toString("utf8")))]));

// The names that a reader in Node takes from each file, as a list a line: `in_node.cjs READER FILE…`.
const { readFileSync } = require("fs");

const [, , name, ...files] = process.argv;
const reader = require(name);
for (const file of files) {
  console.log(JSON.stringify(Object.keys((reader.parseEnv ?? reader.parse)(readFileSync(file, "utf8")))));
}

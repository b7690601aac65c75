/** Makes src/api/schema.d.ts from openapi.json; with --check it only says whether the file is current. */
import { readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const target = new URL("./src/api/schema.d.ts", import.meta.url);
const types = await openapiTS(new URL("./openapi.json", import.meta.url), { emptyObjectsUnknown: true });
const text = `/** @generated from openapi.json by \`npm run generate\`. */\n\n${astToString(types)}`;
if (!process.argv.includes("--check")) {
  writeFileSync(target, text);
} else if (readFileSync(target, "utf8") !== text) {
  console.error("src/api/schema.d.ts does not fit openapi.json: run `npm run generate` and commit the result");
  process.exit(1);
}

#!/bin/sh
# Bundle the libraries of the atlas page (Observable Plot with what it needs of D3, and Tabulator) into the package,
# and axe-core into its tests. Needs npm and its registry; the versions are those of tools/vendor/package-lock.json.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$root"/tools/vendor/package.json "$root"/tools/vendor/package-lock.json "$root"/tools/vendor/entry.js "$work"
cd "$work"
npm ci --ignore-scripts --no-audit --no-fund
vendor="$root/src/interlingua/atlas/page/vendor"
mkdir -p "$vendor" "$root/tests/atlas/vendor"
npx esbuild entry.js --bundle --minify --format=iife --target=es2020 --charset=utf8 --legal-comments=none \
    --metafile=meta.json --outfile="$vendor/vendor.js"
cp node_modules/tabulator-tables/dist/css/tabulator_simple.min.css "$vendor/tabulator.css"
sed -i '/sourceMappingURL/d' "$vendor/tabulator.css"
# The licence of every package of which something is in the bundle.
node -e '
const fs = require("fs"), path = require("path");
const packages = new Set(Object.keys(JSON.parse(fs.readFileSync("meta.json")).inputs)
  .map((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)).filter(Boolean).map((match) => match[1]));
// What packages carry in their own built files.
for (const name of ["delaunator", "internmap", "robust-predicates"]) packages.add(name);
for (const name of [...packages].sort()) {
  const folder = path.join("node_modules", name);
  const about = JSON.parse(fs.readFileSync(path.join(folder, "package.json")));
  const licence = fs.readdirSync(folder).find((file) => /^licen[cs]e/i.test(file));
  if (!licence) throw new Error(`${name} has no licence file`);
  console.log(`${"=".repeat(80)}\n${name} ${about.version} (${about.license})\n\n${fs.readFileSync(path.join(folder, licence), "utf8").trim()}\n`);
}' > "$vendor/LICENSES.txt"
cp node_modules/axe-core/axe.min.js "$root/tests/atlas/vendor/axe.min.js"
cp node_modules/axe-core/LICENSE "$root/tests/atlas/vendor/axe-LICENSE.txt"

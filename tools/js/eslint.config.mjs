// Style of the atlas page's scripts and of their tests; format is prettier's, types are tsc's.
import js from "@eslint/js";
import globals from "globals";

const rules = {
  ...js.configs.recommended.rules,
  "no-unused-vars": ["error", { ignoreRestSiblings: true, argsIgnorePattern: "^_" }],
  "array-callback-return": "error",
  "consistent-return": "error",
  curly: ["error", "multi-line"],
  "default-case": "error",
  eqeqeq: "error",
  "max-lines": ["error", 400],
  "no-eval": "error",
  "no-implied-eval": "error",
  "no-param-reassign": "error",
  "no-shadow": "error",
  "no-var": "error",
  "object-shorthand": "error",
  "prefer-const": "error",
  radix: "error",
};

// Text from a corpus is never markup: nothing on the page may turn a string into elements.
const noMarkup = ["innerHTML", "outerHTML"].map((name) => ({
  selector: `AssignmentExpression > MemberExpression.left[property.name="${name}"]`,
  message: "text is set as text",
}));

export default [
  {
    files: ["src/interlingua/atlas/page/app/*.js"],
    languageOptions: {
      ecmaVersion: 2022,
      sourceType: "script",
      globals: { ...globals.browser, Atlas: "writable", Plot: "readonly", Tabulator: "readonly" },
    },
    rules: {
      ...rules,
      strict: ["error", "global"],
      "no-restricted-syntax": [
        "error",
        ...noMarkup,
        { selector: "CallExpression[callee.property.name='insertAdjacentHTML']", message: "text is set as text" },
      ],
    },
  },
  {
    files: ["tests/atlas/js/*.mjs", "tools/js/*.mjs"],
    languageOptions: { ecmaVersion: 2022, sourceType: "module", globals: globals.node },
    rules,
  },
];

// What the scripts of the atlas page share: `Atlas`, to which each of them adds its part, and the shapes that its parts
// pass to each other. Read by `tsc --noEmit` only; the page does not load it.

declare global {
  var Atlas: AtlasPage;
  /** Observable Plot and Tabulator, bundled by tools/build_vendor.sh. */
  const Plot: any;
  const Tabulator: any;
  interface Window {
    __atlas: (name: string, data: unknown) => void;
  }

  type Theme = "system" | "light" | "dark";
  type View = "overview" | "units" | "unit" | "word";
  type Child = Node | string | null | undefined;
  /** A row of a table: what a column holds is said by its declaration, in Python. */
  type Row = Record<string, any>;

  // ---- the data, as interlingua.atlas.data writes them

  interface Language {
    code: string;
    name: string;
    rtl: boolean;
    tag: string;
    unseen: boolean;
    sentences: number;
    norms: string;
    licence: string;
  }
  interface Cell {
    model: string;
    /** Where units were read: "resid", "mlp" or "heads". */
    site: string;
    variable: string;
    layer: number;
    /** Of all layers their widths and first ids; those that were read; heads in a layer, 0 at other sites. */
    layout: { widths: number[]; first: number[]; layers: number[]; heads: number };
    k: number;
    languages: string[];
    unseen: string[];
    first_unit: number | null;
    /** What reads the rating behind edited units; none where the study does not edit any. */
    readouts: { key: string; name: string; in_units: string }[];
    /** The least correlations at which units are said to carry the rating, and the study's own. */
    least: number[];
    least_default: number | null;
    /** Keys of the columns beside units (`TABLE_COLUMN`) that have values here. */
    beside: string[];
  }
  interface Index {
    study: string;
    headline: string;
    methods: { key: string; name: string }[];
    nulls: { key: string; name: string }[];
    labels: Record<string, string>;
    columns: Record<string, Record<string, { heading: string; says: string; kind: string }>>;
    languages: Language[];
    cells: Cell[];
    pages: { model: string; site: string; layer: number; units: number[] }[];
  }
  interface CellData {
    tables: Record<string, Row[]>;
    unitColumns: LoadedColumn[];
    weights: Record<string, Record<string, string>>;
    /** By least correlation, in how many languages at least a unit carries the rating. */
    carried: { least: number; by: Map<number, number> }[];
  }
  interface LoadedColumn {
    table: string;
    column: string;
    means: Record<string, Map<number, any>>;
    languages: Record<string, Record<string, Map<number, any>>>;
  }
  interface Words {
    words: string[];
    split: ("train" | "test" | "unseen")[];
    ratings: Record<string, (number | null)[]>;
    all: number;
  }
  type Ranks = Record<string, Int16Array>;
  type Transfer = Record<string, { t: Float32Array; percentile: Float32Array }>;
  /** What edits do: units that stand in any set, with their slopes by readout and language; each language's sets. */
  interface Steered {
    units: number[];
    slopes: Record<string, Record<string, Float32Array>>;
    sets: Record<string, Record<string, number[]>>;
    edited: Row[];
    pairs: Row[];
  }
  interface UnitsOfLayer {
    mean: Float32Array;
    sd: Float32Array;
    r: Record<string, Float32Array>;
    top: [number, number][][];
    bottom: [number, number][][];
    means: (position: number) => number[];
  }
  interface Quote {
    sentence: [text: string, start: number, end: number];
    activation: number;
  }
  interface UnitInLanguage {
    code: string;
    words: Words;
    means: number[];
    mean: number;
    sd: number;
    r: Record<string, number>;
    top: Quote[];
    bottom: Quote[];
  }
  interface Layout {
    layers: number[];
    first: number;
    last: number;
    width: (layer: number) => number;
    unit: (layer: number, index: number) => number;
    place: (unit: number) => { layer: number; index: number };
    name: (unit: number) => string;
    typed: (unit: number) => string;
    find: (text: string) => number | null;
    at: (unit: number) => number;
    block: (values: Int16Array, layer: number) => Int16Array;
  }

  // ---- what is shown

  /** The entries of app/state.js and app/filters.js by name, with the cell that they choose. */
  interface State {
    view: View;
    model: string;
    site: string;
    variable: string;
    ranking: string;
    layer: number;
    layers: "one" | "all";
    k: number;
    unit: number | null;
    with: number | null;
    readout: string;
    language: any;
    word: string | null;
    find: string;
    sort: string;
    number: number;
    cell: Cell;
    [filter: string]: any;
  }
  type Change = Record<string, any>;
  type Texts = Record<string, string>;
  interface Read {
    state: State;
    problems: string[];
  }
  interface Parsed {
    value?: any;
    problem?: string;
  }
  type Option = [key: string | number, shown: string];
  interface Choice {
    label: string;
    options?: (state: State) => Option[];
    most?: (state: State) => number;
    offered: (state: State) => boolean;
  }
  interface Offered {
    name: string;
    label: string;
    options?: Option[];
    most?: number;
  }
  interface Entry {
    name: string;
    part?: number;
    brief?: boolean;
    acts: (state: State) => boolean;
    standard: (state: State, texts: Texts) => any;
    parse: (text: string, state: State) => Parsed;
    choice?: Choice;
  }
  interface Filter {
    name: string;
    label: string;
    /** What stands after the field. */
    after?: string;
    says: string | (() => string);
    input?: Record<string, string>;
    options?: (state: State) => [string, string][];
    max?: (state: State) => number;
    there?: (state: State) => boolean;
    standard: (state: State) => any;
    parse: (text: string, state: State) => Parsed;
    passes: (row: UnitRow, value: any, state: State) => boolean;
  }
  interface Searched {
    languages: string[][];
    numbers: string[];
    names: string[];
    unknown: string[];
  }

  // ---- tables and figures

  interface Column {
    key: string;
    label: string;
    says?: string;
    kind?: string;
    text?: boolean;
    write?: (value: any) => string;
    node?: (value: any) => Node;
  }
  interface DeclaredColumn extends Column {
    says: string;
    write: (value: any) => string;
  }
  interface UnitColumn extends DeclaredColumn {
    mean: (unit: number) => any;
    of?: (unit: number, code: string) => any;
  }
  interface UnitRow extends Row {
    unit: number;
    layer: number;
    index: number;
    n_languages: number;
    languages: string;
    mean_rank: number | null;
    n_positive: number;
    n_negative: number;
    /** Of the layer that the study compares: in how many languages the unit carries the rating, by least correlation. */
    carried?: Record<string, number>;
  }
  /** A column of Tabulator's, with what is ours: `says` and `write`. */
  interface GridColumn extends Row {
    title: string;
    field: string;
    says?: string;
    write?: (value: any, row: any) => string;
  }
  interface Drawn {
    nodes: Node[];
    after?: () => void;
  }
  type Draw = (width: number) => SVGElement;
  type Mark = "bar" | "dot" | "ring" | "line" | "ramp";
  interface LegendEntry {
    mark: Mark;
    label: string;
    colour?: string;
    colours?: string[];
    dashes?: string | null;
    thick?: number;
  }
  /** A drawing that can be saved. */
  interface Drawing {
    state: State;
    title: string;
    caption: string;
    legend: LegendEntry[];
    draw: Draw;
    name: string;
    file?: string;
    languages?: string[] | null;
  }
  /** A drawing with the numbers behind it. */
  interface Figure extends Omit<Drawing, "state"> {
    rows: Row[];
    columns: Column[];
  }

  interface AtlasPage {
    index: Index;

    themes: Theme[];
    theme: () => Theme;
    setTheme: (theme: Theme) => void;

    load: (name: string) => Promise<any>;
    unpack: { u1: (text: string) => Uint8Array; i2: (text: string) => Int16Array; f4: (text: string) => Float32Array };
    records: (table?: { columns: string[]; rows: any[][] }) => Row[];
    loadCell: (number: number) => Promise<CellData>;
    unitColumns: (data: CellData, ranking: string) => UnitColumn[];
    layout: (cell: Cell) => Layout;
    loadRanks: (number: number, method: string) => Promise<Ranks>;
    loadTransfer: (number: number) => Promise<Transfer>;
    loadSteered: (number: number) => Promise<Steered | null>;
    loadUnits: (name: string, code: string) => Promise<UnitsOfLayer>;
    pagesOf: (cell: Cell, layer: number) => { name: string; units: number[] } | undefined;

    language: (code: string) => Language;
    languageName: (code: string) => string;
    modelName: (model: string) => string;
    label: (name: string) => string;
    inLanguage: (code: string) => { lang: string; dir: "rtl" | "ltr" };
    missing: (value: unknown) => boolean;
    fixed: (value: unknown, digits: number) => string;
    number: (value: unknown, digits?: number) => string;
    p: (value: unknown) => string;
    listing: (texts: string[]) => string;
    write: (kind: string, value: unknown) => string;
    capital: (heading: string) => string;
    column: (table: string, name: string, own?: Partial<Column>) => DeclaredColumn;
    columns: (table: string, names: string[]) => DeclaredColumn[];
    folded: (text: string) => string;

    csv: (columns: { key: string }[], rows: Row[]) => string;
    fileName: (state: State, what: string) => string;

    el: <K extends keyof HTMLElementTagNameMap>(
      tag: K,
      attributes?: Record<string, unknown>,
      ...children: Child[]
    ) => HTMLElementTagNameMap[K];
    byId: (id: string) => HTMLElement;
    say: (text: string) => void;
    save: (blob: Blob, name: string) => void;
    saveCsv: (columns: { key: string }[], rows: Row[], name: string) => void;
    saveButton: (kind: "CSV" | "SVG" | "PNG", label: string, save: () => void) => HTMLElement;
    table: (
      columns: Column[],
      rows: Row[],
      about: { label: string; name: string; state: State; file?: string },
    ) => HTMLElement;

    filters: Filter[];
    filtersOf: (state: State) => Filter[];
    passes: (state: State) => (row: UnitRow) => boolean;
    searched: (text: string, languages: Language[]) => Searched;

    views: Record<View, string>;
    readState: (hash: string) => Read;
    href: (state: State, change?: Change) => string;
    asked: (state: State, change: Change) => string;
    offered: (state: State) => Offered[];
    isTested: (state: State) => boolean;
    layersOf: (state: State) => number[];
    describe: (state: State) => string;

    tops: (ranks: Ranks, cell: Cell, layer: number, k: number) => Record<string, Int8Array>;
    pairCounts: (tops: Record<string, Int8Array>, cell: Cell) => Row[];
    degreeCounts: (tops: Record<string, Int8Array>, cell: Cell) => Row[];
    exactly: (rows: Row[], column: string) => number[];
    meanOverlap: (pairs: Row[], code: string) => number;
    unitRows: (
      ranks: Ranks,
      transfer: Transfer,
      columns: UnitColumn[],
      cell: Cell,
      layer: number,
      k: number,
    ) => UnitRow[];

    colours: { main: string; second: string; soft: string; paper: string };
    svg: (
      tag: string,
      attributes: Record<string, string | number | null | undefined>,
      ...children: (Node | string)[]
    ) => SVGElement;
    chart: (draw: Draw, label: string) => HTMLElement;
    swatch: (entry: LegendEntry) => { width: number; node: SVGElement };
    legend: (entries: LegendEntry[]) => HTMLElement | null;
    saveButtons: (figure: Drawing) => HTMLElement[];
    figure: (figure: Figure & { state: State }) => HTMLElement;
    tip: (rows: Row[], options: { width: number; pointer?: unknown; [option: string]: unknown }) => unknown;
    labels: (rows: Row[], x: string, y: string, text: string, width: number, height: number) => unknown[];
    inkOn: (colour: string) => string;
    plot: (options: Record<string, unknown>) => SVGElement;

    sources: (codes?: string[] | null) => string;
    drawing: (figure: Drawing) => { text: string; width: number; height: number };
    saveSvg: (figure: Drawing) => void;
    savePng: (figure: Drawing) => Promise<void>;

    nullsOf: (rows: Row[]) => { key: string; name: string }[];
    pairMap: (state: State, pairs: Row[], nullRows: Row[]) => Figure;
    degreeChart: (state: State, degrees: Row[], nullRows: Row[]) => Figure;
    performance: (state: State, data: CellData) => Figure;
    layerCurves: (state: State, data: CellData) => Figure;
    alignment: (state: State, points: Row[], pairs: Row[]) => Figure;

    effectMap: (state: State, steered: Steered) => Figure;
    shifted: (state: State, steered: Steered, unit: number) => HTMLElement;

    makeGrid: (
      holder: HTMLElement,
      about: { label: string; columns: GridColumn[]; rows: UnitRow[]; sort: string },
    ) => any;
    sortText: (sorted: { field: string; dir: string }[]) => string;
    bySize: (a: number | null, b: number | null, rowA: unknown, rowB: unknown, column: unknown, dir: string) => number;
    gridOnPaper: (table: any, columns: GridColumn[]) => HTMLElement;

    findWords: (text: string, words: Record<string, Words>) => { code: string; word: string }[];
    highestWords: (variable: string, words: Record<string, Words>) => { code: string; word: string }[];
    viewOverview: (state: State) => Promise<Drawn>;
    viewUnits: (state: State) => Promise<Drawn>;
    viewUnit: (state: State) => Promise<Drawn>;
    viewWord: (state: State) => Promise<Drawn>;
    onPaper: (element: HTMLElement, make: () => HTMLElement) => void;
    go: (state: State, change: Change) => void;
    note: (state: State) => void;
  }
}

export {};

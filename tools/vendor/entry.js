// The libraries of the atlas page as two globals, for classic scripts that also run from file://.
import * as Plot from "@observablehq/plot";
import {
  AccessorModule, ColumnCalcsModule, FilterModule, FormatModule, InteractionModule, ResizeTableModule, SortModule,
  Tabulator,
} from "tabulator-tables";

Tabulator.registerModule([
  AccessorModule, ColumnCalcsModule, FilterModule, FormatModule, InteractionModule, ResizeTableModule, SortModule,
]);
window.Plot = Plot;
window.Tabulator = Tabulator;

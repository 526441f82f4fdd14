// A heat map: `labels` across, `rows` down, `cells` as [column, row, value].
import { frame, number } from "./common.js";

export function heatmap(spec, colour) {
  const base = frame(spec, colour);
  const most = Math.max(1, ...spec.cells.map((cell) => cell[2]));
  return {
    ...base,
    grid: { ...base.grid, top: 8, bottom: 44 },
    yAxis: { ...base.xAxis, name: "", data: spec.rows, inverse: true },
    tooltip: { ...base.tooltip, trigger: "item", formatter: ({ value }) => `${spec.rows[value[1]]} · ${spec.labels[value[0]]}: ${number(value[2])}` },
    visualMap: { min: 0, max: most, orient: "horizontal", left: 0, bottom: 0, itemHeight: 120, itemWidth: 10, textStyle: { color: colour.soft }, inRange: { color: colour.scale } },
    series: [{ type: "heatmap", data: spec.cells, itemStyle: { borderColor: colour.paper, borderWidth: 2 } }],
  };
}

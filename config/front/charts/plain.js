// Lines and bars, with the interval of each value where there is one: {name, values, low, high}.
import { frame } from "./common.js";

function band(one, colour) {
  const quiet = { type: "line", stack: `band-${one.name}`, symbol: "none", silent: true, lineStyle: { opacity: 0 }, tooltip: { show: false } };
  const width = one.high.map((high, at) => (high === null ? null : high - one.low[at]));
  return [{ ...quiet, data: one.low }, { ...quiet, data: width, areaStyle: { color: colour, opacity: 0.18 } }];
}

export function plain(spec, colour, width) {
  const series = spec.series.flatMap((one, at) => {
    const tone = colour.series[at % colour.series.length];
    const shown = {
      name: one.name, type: spec.kind, data: one.values, itemStyle: { color: tone, borderRadius: spec.kind === "bar" && !spec.stacked ? [3, 3, 0, 0] : 0 },
      stack: spec.stacked ? "all" : undefined, barMaxWidth: 36, symbolSize: 6, showSymbol: spec.labels.length <= 31, lineStyle: { width: 2, color: tone, type: ["solid", "dashed", "dotted"][at % 3] },
    };
    return one.low ? [...band(one, tone), shown] : [shown];
  });
  const legend = { show: spec.series.length > 1, left: 0, top: 0, icon: "roundRect", itemGap: 20, itemWidth: 12, itemHeight: 8, textStyle: { color: colour.ink }, data: spec.series.map((one) => one.name) };
  return { ...frame(spec, colour, width), legend, series };
}

// From all who matched to who got it: totals stand on the ground, what is held back hangs from the rest.
import { frame, number } from "./common.js";

export function waterfall(spec, colour, width) {
  let level = 0;
  const parts = spec.steps.map(({ value, total }) => {
    if (total) level = value;
    else level += value;
    return { ground: total ? 0 : Math.min(level, level - value), height: Math.abs(value), total };
  });
  const base = frame(spec, colour);
  const narrow = { ...base.yAxis, name: "", splitLine: { show: false }, axisLabel: { show: false }, min: 0 };
  const label = (at) => number(spec.steps[at].value);
  return {
    ...base,
    grid: { left: 4, right: 64, top: 8, bottom: 4, containLabel: true },
    xAxis: narrow,
    yAxis: { ...base.xAxis, name: "", data: spec.steps.map((step) => step.label), inverse: true, axisLine: { show: false },
      axisLabel: { color: colour.ink, fontSize: 13, width: Math.min(190, width * 0.4), overflow: "break", lineHeight: 15 } },
    tooltip: { show: false },
    series: [
      { type: "bar", stack: "all", silent: true, itemStyle: { color: "transparent" }, data: parts.map((part) => part.ground), barCategoryGap: "35%" },
      {
        type: "bar", stack: "all", data: parts.map((part) => ({ value: part.height, itemStyle: { color: part.total ? colour.series[0] : colour.less, borderRadius: 3 } })),
        label: { show: true, position: "right", color: colour.ink, formatter: ({ dataIndex }) => label(dataIndex) },
      },
    ],
  };
}

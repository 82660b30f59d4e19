import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

export interface FleetChartOptions {
  readonly language: 'en' | 'zh';
  readonly agents: number;
  /** What the server answers. */
  readonly perSecond: number;
  readonly windowSeconds: number;
}

/** Agents that come back after an outage, as an SVG: how many in each window, and how many in all. */
export function fleetChart(
  windows: readonly number[],
  { language, agents, perSecond, windowSeconds }: FleetChartOptions,
): string {
  const words = WORDS[language];
  echarts.use([BarChart, LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 900, height: 420 });
  let come = 0;
  const shares = windows.map((count) => {
    come += count;
    return Math.round((come / agents) * 1000) / 10;
  });
  const half = Math.round((perSecond * windowSeconds) / 2);
  chart.setOption({
    animation: false,
    title: { text: words.title(agents), left: 'center', textStyle: { fontSize: 16 } },
    legend: { bottom: 0, data: [words.come, words.share, words.half(half)] },
    grid: { left: 70, right: 70, top: 50, bottom: 70 },
    xAxis: {
      type: 'category',
      name: words.minutes,
      nameLocation: 'middle',
      nameGap: 26,
      data: windows.map((_, index) => String(Math.round((index * windowSeconds) / 60))),
      axisLabel: { interval: 300 / windowSeconds - 1 },
      axisTick: { interval: 300 / windowSeconds - 1 },
    },
    yAxis: [
      { type: 'value', name: words.perWindow(windowSeconds), max: Math.ceil(half * 1.1) },
      { type: 'value', name: '%', max: 100 },
    ],
    series: [
      {
        name: words.come,
        type: 'bar',
        data: [...windows],
        barCategoryGap: 0,
        itemStyle: { color: '#5470c6' },
      },
      { name: words.share, type: 'line', yAxisIndex: 1, data: shares, showSymbol: false, color: '#91cc75' },
      {
        name: words.half(half),
        type: 'line',
        data: windows.map(() => half),
        showSymbol: false,
        lineStyle: { type: 'dashed' },
        color: '#ee6666',
      },
    ],
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

const WORDS = {
  en: {
    title: (agents: number) => `${agents.toLocaleString('en')} agents after a day without the license server`,
    come: 'agents that come back',
    share: 'refreshed in all, %',
    half: (half: number) => `half of what the server answers (${half.toLocaleString('en')})`,
    minutes: "minutes after the server's return",
    perWindow: (seconds: number) => `in ${seconds} s`,
  },
  zh: {
    title: (agents: number) => `许可证服务器中断一天后，${agents.toLocaleString('en')} 个代理恢复刷新`,
    come: '恢复连接的代理',
    share: '累计已刷新（%）',
    half: (half: number) => `服务器处理能力的一半（${half.toLocaleString('en')}）`,
    minutes: '服务器恢复后的分钟数',
    perWindow: (seconds: number) => `每 ${seconds} 秒`,
  },
};

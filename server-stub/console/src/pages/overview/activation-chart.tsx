import { theme } from 'antd';
import { BarChart } from 'echarts/charts';
import { AriaComponent, GridComponent, TooltipComponent } from 'echarts/components';
import { type EChartsType, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { OverviewView } from '../../data/api.ts';

use([BarChart, GridComponent, TooltipComponent, AriaComponent, SVGRenderer]);

const HEIGHT = 220;

/** Activations of the last thirty days. */
export function ActivationChart({ days }: { days: OverviewView['activations'] }) {
  const { t } = useTranslation();
  const { token } = theme.useToken();
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType>(undefined);

  useEffect(() => {
    if (place.current === null) return;
    const made = init(place.current, undefined, { renderer: 'svg' });
    chart.current = made;
    const observer = new ResizeObserver(() => made.resize());
    observer.observe(place.current);
    return () => {
      observer.disconnect();
      made.dispose();
    };
  }, []);

  useEffect(() => {
    chart.current?.setOption({
      animation: false,
      aria: { enabled: true, label: { description: t('activationsByDay') } },
      grid: { left: 8, right: 8, top: 12, bottom: 4, containLabel: true },
      tooltip: { trigger: 'axis', renderMode: 'richText' },
      xAxis: {
        type: 'category',
        data: days.map(({ day }) => day.slice(5)),
        axisLabel: { color: token.colorTextSecondary },
        axisLine: { lineStyle: { color: token.colorBorder } },
      },
      yAxis: {
        type: 'value',
        minInterval: 1,
        axisLabel: { color: token.colorTextSecondary },
        splitLine: { lineStyle: { color: token.colorBorderSecondary } },
      },
      series: [
        { type: 'bar', data: days.map(({ count }) => count), itemStyle: { color: token.colorPrimary } },
      ],
    });
  }, [days, t, token]);

  const total = days.reduce((sum, { count }) => sum + count, 0);
  return (
    <div
      ref={place}
      role="img"
      aria-label={`${t('activationsByDay')}: ${total}`}
      style={{ width: '100%', height: HEIGHT }}
    />
  );
}

/**
 * Data files that come with Handloom, in every workspace under `samples/`. They are those of the package
 * vega-datasets as they are; the build copies them beside the app.
 */

import type { Localized } from './localized.ts';

export interface Sample {
  /** Without the `samples/` in front. */
  path: string;
  bytes: number;
  title: Localized;
}

export const samples: readonly Sample[] = [
  { path: 'airports.csv', bytes: 210_365, title: { en: 'Airports of the United States', zh: '美国机场' } },
  {
    path: 'flights-20k.json',
    bytes: 1_784_867,
    title: { en: '20,000 flights of 2001, with delays', zh: '2001 年的 20,000 次航班及延误' },
  },
  {
    path: 'gapminder.json',
    bytes: 75_201,
    title: { en: 'Population and life expectancy by country', zh: '各国人口与预期寿命' },
  },
  {
    path: 'penguins.json',
    bytes: 67_119,
    title: { en: 'Penguins of three species', zh: '三种企鹅的测量数据' },
  },
  {
    path: 'seattle-weather.csv',
    bytes: 48_219,
    title: { en: 'Daily weather in Seattle, 2012 to 2015', zh: '西雅图 2012–2015 年每日天气' },
  },
  {
    path: 'stocks.csv',
    bytes: 12_245,
    title: { en: 'Monthly prices of five stocks', zh: '五只股票的月度价格' },
  },
];

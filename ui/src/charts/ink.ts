/** Colours of the page for canvases, read from the style sheet so that there is one place to change them. */

export const css = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

export type Rgb = [number, number, number]

export function rgb(hex: string): Rgb {
  const n = Number.parseInt(hex.slice(1), 16)
  return [n >> 16, (n >> 8) & 255, n & 255]
}

export const alpha = (hex: string, a: number): string => `rgba(${rgb(hex).join(',')},${a})`

export const mix = (from: Rgb, to: Rgb, k: number): string =>
  `rgb(${from.map((v, i) => Math.round(v + (to[i]! - v) * k)).join(',')})`

const NAMES = ['ink', 'ink-2', 'ink-3', 'line', 'line-soft', 'panel', 'panel-2', 'inset', 'pv', 'wind', 'chg', 'dis', 'grid', 'load',
  'p2', 'p2s', 'cell-mid', 'cell-lo', 'cell-hi'] as const
export type Inks = Record<(typeof NAMES)[number] | 'font', string>

export function inks(): Inks {
  const style = getComputedStyle(document.documentElement)
  const found = Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]))
  return { ...found, font: style.getPropertyValue('--font').trim() } as Inks
}

/** Distinguishable lines for any number of points, none of them an alarm colour. */
export const lineColours = (ink: Inks): string[] => [ink.grid, ink.pv, ink.dis, ink.chg, ink.load, ink.wind, ink['cell-lo'], ink['ink-3']]

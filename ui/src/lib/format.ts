/** Numbers as an operator reads them: true minus, grouped thousands, a unit chosen by size, the sign never hidden. */

export const DASH = '—'
const GROUPED = Array.from({ length: 5 }, (_, digits) =>
  new Intl.NumberFormat('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits }),
)

export type Known = number | null | undefined
export const known = (value: Known): value is number => value != null && Number.isFinite(value)

/** A number with a fixed count of decimals; a rounded nothing loses its minus. */
export function num(value: Known, digits = 0): string {
  if (!known(value)) return DASH
  const rounded = Number(value.toFixed(digits))
  return GROUPED[digits]!.format(rounded === 0 ? 0 : rounded).replace('-', '−')
}

/** The same with its plus shown, for deviations. */
export const signed = (value: Known, digits = 0): string =>
  known(value) && Number(value.toFixed(digits)) > 0 ? `+${num(value, digits)}` : num(value, digits)

export type Quantity = { text: string; unit: string }
const SCALES = [[1e9, 'G', 2], [1e6, 'M', 2], [1e3, 'k', 0]] as const

/** W, Wh, var or VA in the prefix that fits. Below 10 k the decimals show what a household would miss. */
export function scaled(value: Known, unit: string): Quantity {
  if (!known(value)) return { text: DASH, unit: `k${unit}` }
  const size = Math.abs(value)
  const found = SCALES.find(([factor, , digits]) => Number((size / factor).toFixed(digits + 1)) >= 1) ?? SCALES[2]
  const [factor, prefix, digits] = found
  const small = prefix === 'k' && size < 10e3 ? (size < 1e3 ? 2 : 1) : digits
  return { text: num(value / factor, size === 0 ? 0 : small), unit: prefix + unit }
}

/** Two amounts in one unit, that of the larger: 2.00/0.08 MWh. */
export function pair(a: Known, b: Known, unit: string): string {
  const size = Math.max(Math.abs(a ?? 0), Math.abs(b ?? 0))
  const [factor, prefix, digits] = SCALES.find(([f]) => size >= f) ?? SCALES[2]
  const part = (value: Known) => num(known(value) ? value / factor : null, digits)
  return `${part(a)}/${part(b)} ${prefix}${unit}`
}

export const power = (value: Known): Quantity => scaled(value, 'W')
export const energy = (value: Known): Quantity => scaled(value, 'Wh')
export const together = (q: Quantity): string => `${q.text} ${q.unit}`
export const powerText = (value: Known): string => together(power(value))
export const energyText = (value: Known): string => together(energy(value))
export const percent = (ratio: Known, digits = 1): string => (known(ratio) ? num(ratio * 100, digits) : DASH)

const SYMBOL: Record<string, string> = { CNY: '¥', EUR: '€', GBP: '£', USD: '$', AUD: 'A$', JPY: '¥' }
export const currencySign = (code: string): string => SYMBOL[code] ?? code
export const money = (value: Known, code: string): string =>
  known(value) ? `${value < 0 ? '−' : ''}${currencySign(code)} ${num(Math.abs(value), Math.abs(value) < 100 ? 2 : 0)}` : DASH

/** 5 h 20 min, 12 min, 40 s: two units at most. */
export function duration(seconds: Known): string {
  if (!known(seconds)) return DASH
  const s = Math.max(0, Math.round(seconds))
  if (s < 90) return `${s} s`
  const minutes = Math.round(s / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.round(hours / 24)} d`
}

/** m:ss for something that counts down. */
export function countdown(seconds: number): string {
  const s = Math.max(0, Math.ceil(seconds))
  const two = (n: number) => String(n).padStart(2, '0')
  return s >= 3600 ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`
}

const UNIT_SCALE: Record<string, (v: Known) => Quantity> = {
  W: power,
  Wh: energy,
  var: (v) => scaled(v, 'var'),
  VA: (v) => scaled(v, 'VA'),
  degC: (v) => ({ text: num(v, 1), unit: '°C' }),
  Hz: (v) => ({ text: num(v, 3), unit: 'Hz' }),
  V: (v) => ({ text: num(v, known(v) && Math.abs(v) < 10 ? 3 : 1), unit: 'V' }),
  A: (v) => ({ text: num(v, 1), unit: 'A' }),
  '%': (v) => ({ text: percent(v, 1), unit: '%' }),
  '': (v) => ({ text: num(v, known(v) && v % 1 ? 3 : 0), unit: '' }),
  per_kwh: (v) => ({ text: num(v, 4), unit: '/kWh' }),
  s: (v) => ({ text: num(v, known(v) && Math.abs(v) < 1 ? 4 : 1), unit: 's' }),
}

/** A point's unit on screen: a state of charge or health is a ratio shown in percent, other bare numbers are states and bits. */
export const unitOf = (unit: string, name: string): string => (unit === '' && /[._]so[ch](?:$|_)/.test(name) ? '%' : unit)

/** Any point's value by its unit on screen. */
export const point = (value: Known, unit: string): Quantity => UNIT_SCALE[unit]?.(value) ?? { text: num(value, 3), unit }

const UNIT_NAME: Record<string, string> = { degC: '°C', per_kwh: '/kWh' }
export const unitName = (unit: string): string => UNIT_NAME[unit] ?? unit

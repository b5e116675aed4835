/** The log of what people did: filtered, and as a file that a spreadsheet opens. Pure. */
import type { Action } from './types'

export type Filter = { by: string; what: string; text: string }

/** A value before or after, short enough for a line: plain values as they are, tables as `key value`. */
export function plain(value: unknown): string {
  if (value == null || value === '') return ''
  if (typeof value !== 'object') return String(value)
  const parts = Object.entries(value).filter(([, part]) => part != null)
  return parts.map(([key, part]) => (Array.isArray(value) ? plain(part) : `${key} ${plain(part)}`)).join(', ')
}

export function matching(actions: Action[], { by, what, text }: Filter): Action[] {
  const sought = text.trim().toLowerCase()
  return actions.filter((one) => (!by || one.by === by) && (!what || one.what === what) && (!sought || haystack(one).includes(sought)))
}
const haystack = (one: Action): string =>
  [one.by, one.what, one.target, one.why, one.text.zh, one.text.en, plain(one.before), plain(one.after)].join(' ').toLowerCase()

/** A cell of a CSV: quoted where it must be, and never a formula: what people typed ends up in others' spreadsheets. */
export function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

export function csvOf(head: string[], rows: string[][]): string {
  return [head, ...rows].map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n'
}

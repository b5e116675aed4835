/** The room's own words, from two catalogues with the same keys (scripts/check-keys.mjs holds them to it). */
import en from '../messages/en.json'
import zh from '../messages/zh.json'
import { lang } from './prefs'
import type { Words } from './types'

export type Key = keyof typeof en
const catalogue: Record<'zh' | 'en', Record<Key, string>> = { zh, en }

/** The sentence for a key, its {name} places filled. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return catalogue[lang.value][key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''))
}

/** Whether the room has words of its own for a code of the server. */
export const isKey = (key: string): key is Key => key in en

/** Words that came from the server ready in both languages. */
export const say = (words: Words | null | undefined): string => (words ? words[lang.value] : '')

/** The same at the start of a line: the server's labels are written to stand anywhere. */
export function title(words: Words | null | undefined): string {
  const text = say(words)
  return text.charAt(0).toUpperCase() + text.slice(1)
}

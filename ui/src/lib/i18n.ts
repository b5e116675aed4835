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

/** Words that came from the server ready in both languages. */
export const say = (words: Words | null | undefined): string => (words ? words[lang.value] : '')

/** Is this one of ours? For keys made from data, such as `band-peak`. */
export const has = (key: string): key is Key => key in en

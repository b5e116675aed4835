/** Locks that people have hung on things, and the dialog that hangs and takes them. */
import { computed, shallowRef } from 'vue'
import { t, title } from './i18n'
import { live, site } from './live'
import type { Lock, Thing } from './types'

export const ALL = 'batteries'

export const locks = computed<Lock[]>(() => live.value?.locks ?? [])

/** The lock that holds a thing: its own, or the one on all batteries. */
export const lockOf = (thing: Thing): Lock | undefined =>
  locks.value.find((lock) => lock.target === thing.name) ?? (thing.kind === 'battery' ? locks.value.find((lock) => lock.target === ALL) : undefined)

export const lockable = computed(() => site.value?.things.filter((thing) => thing.kind !== 'grid' && thing.kind !== 'load') ?? [])

/** What a target is called: a thing's own name, or all batteries. */
export function targetName(name: string): string {
  const thing = site.value?.things.find((one) => one.name === name)
  if (thing) return title(thing.label)
  return name === ALL ? t('batteries-all') : name === 'site' ? t('things-site') : name
}

/** What LockDialog is asked to do: hang one (on this target, if one was meant), or take one off. */
export const lockAsked = shallowRef<{ hang: string } | { off: Lock } | null>(null)

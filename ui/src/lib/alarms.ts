/** Acknowledging. The row changes when the server says so, not before. */
import { ref } from 'vue'
import { ApiError, api } from './api'
import { permitted } from './auth'
import { live } from './live'
import { acting } from './me'
import type { Alarm, Words } from './types'

export const acking = ref<ReadonlySet<number>>(new Set())
export const ackRefused = ref<Words | null>(null)

export const canAck = (alarm: Alarm): boolean => alarm.state === 'unack' || alarm.state === 'rtn_unack'

export async function acknowledge(alarm: Alarm): Promise<void> {
  if (!canAck(alarm) || acking.value.has(alarm.id)) return
  acking.value = new Set([...acking.value, alarm.id])
  ackRefused.value = null
  try {
    await permitted('operator', () => api.ack(alarm.id, acting()))
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    ackRefused.value = error.words
  } finally {
    acking.value = new Set([...acking.value].filter((id) => id !== alarm.id))
  }
}

export async function acknowledgeFirst(): Promise<void> {
  const alarms = live.value?.alarms ?? []
  const first = alarms.find((alarm) => alarm.state === 'unack') ?? alarms.find(canAck)
  if (first) await acknowledge(first)
}

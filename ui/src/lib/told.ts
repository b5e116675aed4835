/** A short word to the person who pressed something, said aloud by screen readers and gone by itself. */
import { ref } from 'vue'

const STAY_MS = 6000

export const told = ref('')
let timer = 0

export function tell(text: string): void {
  told.value = text
  clearTimeout(timer)
  timer = window.setTimeout(() => (told.value = ''), STAY_MS)
}

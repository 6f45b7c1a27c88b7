// unstorage with its memory driver.

import { createStorage } from 'unstorage'

function memory() {
  const storage = createStorage()
  return {
    get: (key) => storage.getItem(key),
    set: (key, value) => storage.setItem(key, value),
    close: () => storage.dispose()
  }
}

export default { unstorage: { memory } }

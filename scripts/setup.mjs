// `npm run setup`: installs the development tools and builds the addon, where that is needed.

import { main } from './lib/run.mjs'
import { setup } from './lib/setup.mjs'

await main(() => setup())

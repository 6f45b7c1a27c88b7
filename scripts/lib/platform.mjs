// The platform that runs this, in the names of the platform packages.

/** For example `linux-x64-gnu`, `darwin-arm64`, `win32-x64-msvc`. */
export function platformName() {
  const { arch, platform, report } = process
  if (platform === 'linux') {
    return `linux-${arch}-${report.getReport().header.glibcVersionRuntime ? 'gnu' : 'musl'}`
  }
  return platform === 'win32' ? `win32-${arch}-msvc` : `${platform}-${arch}`
}

/** The file of the addon of this platform. */
export const addonFile = `redkv.${platformName()}.node`

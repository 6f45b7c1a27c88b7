// How to see that a server speaks the protocol of S3.

/** Resolves when the server answers a request for its buckets, be it with a refusal. */
export async function listBuckets(port) {
  const response = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(5_000) })
  const answer = await response.text()
  if (!/<(ListAllMyBucketsResult|Error)\b/.test(answer)) throw new Error(`a strange answer, status ${response.status}`)
}

// Package client holds the fixed part of every generated client: a Client with its
// options, submits and their jobs, waiting and results, media checks and downloads, the
// journal, and the errors of all of these. It depends on the standard library only.
//
// genclient stamps the files of this folder, tests and this comment aside, into each
// package that it generates, where the models' inputs and methods join them.
package client

// schemaDigest stands for the digest of the schemas; the runtime itself has none.
const schemaDigest = "0000000000000000000000000000000000000000000000000000000000000000"

//go:build !unix

package client

// nonblocking is for systems where a path can be a pipe.
const nonblocking = 0

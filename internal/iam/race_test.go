//go:build race

package iam

// slack is by how much a test may take longer than it should: the race detector slows tenfold.
const slack = 50

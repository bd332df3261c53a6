//go:build !race

package iam

// slack is by how much a test may take longer than it should: other work shares the machine.
const slack = 5

// Package e2e runs the policy pack as its users do: typed Pulumi programs, the
// real CLI, the real engine, and a provider that only pretends to be AWS.
package e2e

import (
	"os"
	"testing"

	"dynamoguard/e2e/internal/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

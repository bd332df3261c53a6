package e2e

import (
	"path/filepath"
	"testing"

	"dynamoguard/e2e/internal/harness"
	"dynamoguard/internal/staging"
)

// sourceForm writes the source form of what is published, of the code as it is,
// and returns its folder.
func sourceForm(t testing.TB) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "pack")
	if err := (staging.Pack{Root: "..", Dirty: true}).Source(t.Context(), folder); err != nil {
		t.Fatal(err)
	}
	return folder
}

// TestPublishedSource previews and updates a stack with the folder that is
// published, which the language host compiles.
func TestPublishedSource(t *testing.T) {
	s := harness.NewStack(t, harness.About{"table-encryption"}, stack(func(p program) { p.table("bills", awsOwnedKey) }),
		harness.Folder(sourceForm(t)))
	t.Log(s.Plain())
}

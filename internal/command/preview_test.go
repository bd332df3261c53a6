package command

import (
	"testing"

	"github.com/spf13/cobra"
)

// TestHelpOfPreview is what people read of the commands that run another one.
func TestHelpOfPreview(t *testing.T) {
	for file, command := range map[string]*cobra.Command{"help-preview.txt": previewCommand(), "help-exec.txt": execCommand()} {
		compare(t, file, program{}.outcome(t.Context(), command, "--help"))
	}
}

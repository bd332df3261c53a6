package foresight_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"dynamoguard/internal/foresight"
)

const pageFile = "../../docs/foresight-values.md"

// TestDocs holds the page of what is foreseen to the rules.
func TestDocs(t *testing.T) {
	current, err := os.ReadFile(pageFile)
	if err != nil && !*update {
		t.Fatal(err)
	}
	hold(t, pageFile, string(current), page())
}

// head has apostrophes for backquotes.
const head = `# What is foreseen

Generated from the rules in 'internal/foresight' by 'go test ./internal/foresight -run TestDocs -update'. What stands in braces is

- the partition, the account and the region of the resource, and the suffix of host names in the partition;
- a property of the resource, which has to be known, and not empty. After a bar: 'or X' is what it is where it is not set,
  'without X' leaves out what it may begin with, 'lower' is in lower case, 'word' is nothing where it is an ARN and 'arn' where
  it is none, 'name' and 'region' are parts of an ARN, and 'here' is the ARN in the region of the resource;
- after an asterisk, what AWS will make up: a stand-in, the same for one URN in every run. 'hex', 'lower', 'upper' and 'mixed' are
  so many characters of 0-9a-f, 0-9a-z, A-Z2-7 and 0-9A-Za-z; a 'time' is of 1970.

Of several lines for one output, the first counts that can be made. Outputs are filled in only where the provider leaves them
unknown, which those of an older version that does not have them are not.
`

func page() string {
	var b strings.Builder
	b.WriteString(strings.ReplaceAll(head, "'", "`"))
	section := func(title, text string, of func(foresight.Output) bool) {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| Type | Output | Value | Only where |\n|---|---|---|---|\n", title, text)
		for _, typ := range foresight.Types() {
			for _, o := range typ.Outputs {
				if of(o) {
					value := strings.ReplaceAll(o.Text, "|", `\|`) // else it would end the cell
					fmt.Fprintf(&b, "| `%s` | `%s` | `%s` | %s |\n", typ.Token, o.Property, value, o.When)
				}
			}
		}
	}
	section("Determined", "These follow from what is declared.", func(o foresight.Output) bool { return !o.StandIn })
	section("Stand-ins", "These are made up, in the shape of what AWS will make up. `--no-stand-ins` leaves them out.",
		func(o foresight.Output) bool { return o.StandIn })
	return b.String()
}

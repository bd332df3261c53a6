package command

import (
	"strings"
	"testing"

	"dynamoguard/internal/resource"
	"github.com/google/go-cmp/cmp"
)

// TestStatementLines: a statement is written as it is, but for white space, and the line of the element, or of what it is in, is
// marked.
func TestStatementLines(t *testing.T) {
	const statement = `{"Effect" : "Allow","Action":["a","b"],"Condition":{"StringLike":{"k.l":["x"]}},"None":{},"N":1e0}`
	lines := func(marked int) string {
		list := strings.Split(`{
  "Effect": "Allow",
  "Action": [
    "a",
    "b"
  ],
  "Condition": {
    "StringLike": {
      "k.l": [
        "x"
      ]
    }
  },
  "None": {
  },
  "N": 1e0
}`, "\n")
		for i := range list {
			if i == marked {
				list[i] = "> " + list[i]
			} else {
				list[i] = "  " + list[i]
			}
		}
		return strings.Join(list, "\n")
	}
	for element, marked := range map[resource.Path]int{
		"": -1, "Effect": 1, "Action": 2, "Action[1]": 4, "Action[2]": 2, "Condition.StringLike": 7, "Condition.StringLike.k.l[0]": 9,
		"Condition.StringEquals": 6, "Resource": -1, "Eff": -1, "N": 15,
	} {
		if diff := cmp.Diff(lines(marked), strings.Join(statementLines(statement, element), "\n")); diff != "" {
			t.Errorf("%q (-want +got):\n%s", element, diff)
		}
	}
	const cut = "  {\n>   \"Action\": [\n      \"a\",\n      \"b\n    ]\n  }\n  ..."
	if diff := cmp.Diff(cut, strings.Join(statementLines(`{"Action":["a","b`, "Action"), "\n")); diff != "" {
		t.Errorf("one that is cut off (-want +got):\n%s", diff)
	}
}

package e2e

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"google.golang.org/protobuf/types/known/emptypb"

	"dynamoguard/e2e/internal/harness"
	"dynamoguard/e2e/internal/wire"
)

// TestExplain asks the pack itself, after a preview that it stopped, about
// what the CLI showed of a finding, and what a run in the project knows.
func TestExplain(t *testing.T) {
	s := harness.NewStack(t, harness.About{"iam-wildcard-action"}, stack(func(p program) {
		p.policy("app", allow("dynamodb:*", ordersARN))
	}))
	const message = `policy.Statement[0].Action[0] "dynamodb:*" grants 57 DynamoDB actions, DeleteTable among them; ` +
		"list the actions the workload calls" + orBoundary + ". SOC 2: CC6.1, CC6.3"
	check(t, "preview", s.Preview(), stopped("mandatory high iam-wildcard-action aws:iam/policy:Policy::app: "+message))

	for _, c := range []struct {
		args []string
		code int
		want string // a pattern of the whole output, white space squeezed
	}{
		{[]string{"explain", message}, 0, regexp.QuoteMeta(`iam-wildcard-action: Allow statements name the DynamoDB and DAX actions they grant `+
			`The finding resource urn:pulumi:`) + `\S+` + regexp.QuoteMeta(`::aws:iam/policy:Policy::app at policy.Statement[0].Action[0] `+
			`wrong policy.Statement[0].Action[0] "dynamodb:*" grants 57 DynamoDB actions, DeleteTable among them instead list the actions the workload calls`+orBoundary+` `+
			`enforced mandatory, the policy's default exemption none The statement { "Effect": "Allow", "Action": [ > "dynamodb:*" ], "Resource": "`+ordersARN+`" } `+
			`What could be written instead missing the actions that it is to allow `+
			`The rule Reports a wildcard`) + `.* found in the preview of \S+ at \S+ \S+ UTC, dynamoguard \S+ configuration \S+( which did not reach the end of the stack)?`},
		{[]string{"explain", "no such finding"}, 1, `dynamoguard: no finding matches; searched was the preview of .*`},
		{[]string{"doctor"}, 0, `The configuration .* hash \S+ .* ` +
			`The stack project shop, by \S+Pulumi.yaml stack dev, by the workspace, where it is selected ` +
			`organization none, since the backend is not Pulumi Cloud .* environment dev, by the name of the stack ` +
			`Tables of other stacks from the backend in \S+, of \S+ \S+ UTC 0 tables of 1 stack read 0 tables of 0 stacks, 0 of them this stack's own ` +
			`The last run recorded preview of shop/dev at .* judgements 1 fail, .* All in all Nothing keeps a mandatory policy from judging.`},
	} {
		command := s.Sandbox().Command(t.Context(), harness.Tools(t).Pack, c.args...)
		out, err := command.CombinedOutput()
		squeezed := strings.Join(strings.Fields(string(out)), " ")
		if code := command.ProcessState.ExitCode(); code != c.code || !regexp.MustCompile("^"+c.want+"$").MatchString(squeezed) {
			t.Errorf("%q: exit code %d, %v\n%s", c.args, code, err, out)
		}
	}
}

// TestRecorded: however a run ends, what it judged is kept, and only the user
// can read it; a run that judged nothing leaves nothing.
func TestRecorded(t *testing.T) {
	for name, end := range map[string]func(*wire.Plugin){
		"interrupt": func(p *wire.Plugin) { p.Signal(os.Interrupt) },
		"terminate": func(p *wire.Plugin) { p.Signal(syscall.SIGTERM) },
		"Cancel":    func(p *wire.Plugin) { _, _ = p.Cancel(t.Context(), &emptypb.Empty{}) }, // the record tells
	} {
		t.Run(name, func(t *testing.T) {
			p := wire.Start(t, harness.Tools(t).Pack, wire.Engine(t))
			p.Judge(t.Context(), wire.Request(t, "aws:dynamodb/table:Table", "orders", resource.PropertyMap{"name": resource.NewProperty("orders")}, wire.AWS(t, "us-east-1")))
			end(p)
			p.WaitEnd()
			files := recorded(t, p.Home)
			if len(files) != 1 {
				t.Fatalf("%d records are kept", len(files))
			}
			info, err := os.Stat(files[0])
			if err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(files[0])
			var record struct{ Findings []struct{ Policy string } }
			if err != nil || json.Unmarshal(text, &record) != nil || len(record.Findings) == 0 || info.Mode() != 0o600 {
				t.Errorf("%v, %v: %s", info.Mode(), err, text)
			}
		})
	}
	p := wire.Start(t, harness.Tools(t).Pack, wire.Engine(t))
	p.Signal(os.Interrupt)
	p.WaitEnd()
	if files := recorded(t, p.Home); len(files) > 0 {
		t.Errorf("of a run that judged nothing: %v", files)
	}
}

// recorded returns the records of runs below a folder.
func recorded(t *testing.T, home string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(home, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && filepath.Base(filepath.Dir(path)) == "runs" {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

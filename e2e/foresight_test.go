package e2e

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/e2e/internal/harness"
	"dynamoguard/internal/resource"
)

// TestHalfDeployed has a violation in a document that holds the ARN of a new
// table. A plain preview passes, and an update stops with both tables created;
// a foreseen preview stops, and creates nothing.
func TestHalfDeployed(t *testing.T) {
	violation := func(action string) string {
		return "mandatory high iam-wildcard-action aws:iam/role:Role::checkout: inlinePolicies[0].policy.Statement[0]." + action +
			` "dynamodb:*" grants 57 DynamoDB actions, DeleteTable among them; list the actions the workload calls. SOC 2: CC6.1, CC6.3`
	}
	unknown := notJudged("0 of 1 policy document was judged", `inlinePolicies[0].policy of aws:iam:Role "checkout"`)
	eachCLI(t, func(t *testing.T, cli harness.Option) {
		for _, language := range []struct {
			name      string
			stack     func(*testing.T) *harness.Stack
			violation string
		}{
			{"Go", func(t *testing.T) *harness.Stack { return harness.NewStack(t, documentPolicies, stack(half), cli) }, violation("Action[0]")},
			{"YAML", func(t *testing.T) *harness.Stack { return harness.NewYAML(t, documentPolicies, "testdata/half", cli) }, violation("Action")},
		} {
			t.Run(language.name, func(t *testing.T) {
				t.Parallel()
				s := language.stack(t)
				check(t, "plain preview", s.Plain(), harness.Result{Policy: []string{unknown}})
				foreseen := s.Foresee()
				check(t, "foreseen preview", foreseen, stopped(language.violation))
				tells(t, foreseen, "dynamoguard: 1 of 1 policy document judged; 7 values foreseen (6 determined, 1 stand-in)")
				check(t, "up", s.Up(), stoppedUp(language.violation, tableCarts, tableOrders))
			})
		}
	})
}

// notJudged is the notice of documents that a plain preview does not know.
func notJudged(judged string, documents ...string) string {
	notice := "advisory low dynamoguard " + rootStack + ": " + judged + "; the rest is not known in a preview, `dynamoguard preview` judges " +
		"it now, and `pulumi up` judges each before it is created:"
	if len(documents) == 1 {
		return notice + " " + documents[0]
	}
	return notice + "\n  " + strings.Join(documents, "\n  ")
}

// tells compares what a foreseen preview said on stderr, where nothing else went,
// but for the suffixes of automatic names. Of a list of what was foreseen it
// compares the lines in any order, their cells parted by a bar.
func tells(t *testing.T, r harness.Result, lines ...string) {
	t.Helper()
	var told, list []string
	for line := range strings.Lines(automatic.ReplaceAllString(r.Stderr, "$1-0000000")) {
		switch cells := cell.Split(strings.TrimSpace(line), -1); {
		case strings.HasPrefix(line, "dynamoguard: "), strings.HasPrefix(line, "  "), len(cells) != 4:
			told = append(told, strings.TrimRight(line, "\n"))
		case cells[0] != "RESOURCE":
			list = append(list, strings.Join(cells, " | "))
		}
	}
	slices.Sort(list)
	if diff := cmp.Diff(lines, append(list, told...)); diff != "" {
		t.Errorf("the foreseen preview says on stderr (-want +got):\n%s", diff)
	}
}

var (
	automatic = regexp.MustCompile(`([a-zA-Z])-[0-9a-f]{7}\b`)
	cell      = regexp.MustCompile(`  +`)
)

// bound is an automatic name's mark in a list of what was foreseen.
const bound = "determined, by a name with another suffix in up"

// everything are the findings of policies that allow "dynamodb:*", as the
// program wrote it: in a list or as a text of its own.
func everything(resource string, list bool) string {
	message := everyAction
	if !list {
		message = strings.Replace(message, "Action[0]", "Action", 1)
	}
	return "mandatory high iam-wildcard-action " + resource + ": " + message
}

// TestForesight previews programs plainly and foreseen. The foreseen preview asks
// each provider once for its account.
func TestForesight(t *testing.T) {
	t.Parallel()
	const (
		own, ireland, elsewhere = "111122223333 us-east-1 ", "111122223333 eu-west-1 ", "444455556666 eu-west-1 "
		account, document       = "aws:index/getCallerIdentity:getCallerIdentity", "aws:iam/getPolicyDocument:getPolicyDocument"
		within                  = "aws:iam/policy:Policy::within"
		notFound                = "an unhandled error occurred: waiting for RPCs: marshaling properties: awaiting input property \"policy\": " +
			"rpc error: code = Unknown desc = invocation of aws:dynamodb/getTable:getTable returned an error: " +
			"invoking aws:dynamodb/getTable:getTable: 1 error occurred:\n\t* reading DynamoDB Table (orders): couldn't find resource"
		leftOut = "dynamoguard: aws:dynamodb:Table orders was left unforeseen: aws:dynamodb/getTable:getTable would look for it at AWS"
	)
	stops := []string{"- exit code 0", "+ exit code 1"}
	one := func(document string) harness.Result {
		return harness.Result{Policy: []string{notJudged("0 of 1 policy document was judged", document)}}
	}
	two := func(documents ...string) harness.Result {
		return harness.Result{Policy: []string{notJudged("0 of 2 policy documents were judged", documents...)}}
	}
	tests := []struct {
		name            string
		program         func(program)
		options         []harness.Option
		plain, foreseen harness.Result
		differences     []string // between the two, in exit code, steps and outputs
		asked           []string // of AWS by the foreseen one, and not by the plain one
		flags           []string
		told            []string // on stderr
	}{
		{
			name: "each form", program: forms("dynamodb:*"),
			plain: harness.Result{Policy: []string{notJudged("0 of 5 policy documents were judged",
				`policy of aws:iam:Policy "applied"`, `policy of aws:iam:Policy "formatted"`, `policy of aws:iam:Policy "marshalled"`,
				`policy of aws:iam:Policy "outputForm"`, `policy of aws:iam:Policy "plainForm"`)}},
			foreseen: stopped(
				everything("aws:iam/policy:Policy::applied", true), everything("aws:iam/policy:Policy::formatted", false),
				everything("aws:iam/policy:Policy::marshalled", false), everything("aws:iam/policy:Policy::outputForm", false),
				everything("aws:iam/policy:Policy::plainForm", false)),
			differences: stops,
			asked:       []string{own + document, own + document, own + account},
			told:        []string{"dynamoguard: 5 of 5 policy documents judged; 17 values foreseen (12 determined, 5 stand-ins)"},
		},
		{
			name: "within apply", program: withinApply("dynamodb:*"),
			foreseen:    stopped(everything(within, true)),
			differences: []string{"- exit code 0", "+ create " + within, "+ exit code 1", "+ output policy: arn:aws:iam::111122223333:policy/within"},
			asked:       []string{own + account},
			told:        []string{"dynamoguard: 1 of 1 policy document judged; 5 values foreseen (4 determined, 1 stand-in)"},
		},
		{
			name: "a lookup that fails plainly, too", program: lookup(false),
			plain:    harness.Result{ExitCode: 1, Errors: []string{notFound}},
			foreseen: harness.Result{ExitCode: 1, Errors: []string{notFound}},
			asked:    []string{own + account, own + account}, // in both of the runs
			told: []string{
				"dynamoguard: pulumi preview failed, and not by a finding of this pack. What is made inside an apply may have failed on one of " +
					"the values that were foreseen, and without which it would not have run:",
				"  aws:dynamodb:Table carts: id carts (determined)",
				"  aws:dynamodb:Table carts: arn arn:aws:dynamodb:us-east-1:111122223333:table/carts (determined)",
				"  aws:iam:Policy writer: id arn:aws:iam::111122223333:policy/writer-0000000 (" + bound + ")",
				"  aws:iam:Policy writer: arn arn:aws:iam::111122223333:policy/writer-0000000 (" + bound + ")",
				"  aws:iam:Policy writer: policyId ANPANVOTSVNZUOEOD6Z3M (stand-in)",
				leftOut,
				"dynamoguard: 1 of 1 policy document judged; 5 values foreseen (4 determined, 1 stand-in)",
			},
		},
		{
			name: "a lookup that waits", program: lookup(true),
			plain: two(`policy of aws:iam:Policy "writer"`, `policy of aws:iam:Policy "reader"`),
			foreseen: harness.Result{Policy: []string{"advisory low dynamoguard " + rootStack + ": 1 of 2 policy documents were judged; the rest is " +
				"not known in a preview, and `pulumi up` judges each before it is created: " + `policy of aws:iam:Policy "reader"`}},
			asked: []string{own + account, own + account}, // in both of the runs
			told: []string{
				leftOut,
				"dynamoguard: 1 of 2 policy documents judged; 8 values foreseen (6 determined, 2 stand-ins)",
			},
		},
		{
			name: "two regions", program: regions,
			plain: one(`policy of aws:iam:Policy "reader"`),
			asked: []string{ireland + account, own + account, own + account},
			flags: []string{"--foreseen", "--no-stand-ins"},
			told: []string{
				"aws:dynamodb:Table carts | arn | arn:aws:dynamodb:eu-west-1:111122223333:table/carts | determined",
				"aws:dynamodb:Table carts | id | carts | determined",
				"aws:dynamodb:Table orders | arn | arn:aws:dynamodb:us-east-1:111122223333:table/orders | determined",
				"aws:dynamodb:Table orders | id | orders | determined",
				"aws:iam:Policy reader | arn | arn:aws:iam::111122223333:policy/reader-0000000 | " + bound,
				"aws:iam:Policy reader | id | arn:aws:iam::111122223333:policy/reader-0000000 | " + bound,
				"dynamoguard: 1 of 1 policy document judged; 6 values foreseen (6 determined, 0 stand-ins)",
			},
		},
		{
			name: "an assumed role", program: assumed,
			plain: one(`policy of aws:iam:Policy "clerk"`),
			asked: []string{own + account, elsewhere + account},
			flags: []string{"--foreseen", "--no-stand-ins"},
			told: []string{
				"aws:dynamodb:Table orders | arn | arn:aws:dynamodb:eu-west-1:444455556666:table/orders | determined",
				"aws:dynamodb:Table orders | id | orders | determined",
				"aws:iam:Policy clerk | arn | arn:aws:iam::111122223333:policy/clerk-0000000 | " + bound,
				"aws:iam:Policy clerk | id | arn:aws:iam::111122223333:policy/clerk-0000000 | " + bound,
				"dynamoguard: 1 of 1 policy document judged; 4 values foreseen (4 determined, 0 stand-ins)",
			},
		},
		{
			name: "two versions", program: versions, options: []harness.Option{harness.Versions("7.40.0")},
			plain: two(`policy of aws:iam:Policy "clerk"`, `policy of aws:iam:Policy "packer"`),
			asked: []string{own + account, own + account},
			flags: []string{"--foreseen", "--no-stand-ins"},
			told: []string{
				"aws:dynamodb:Table carts | arn | arn:aws:dynamodb:us-east-1:111122223333:table/carts | determined",
				"aws:dynamodb:Table carts | id | carts | determined",
				"aws:dynamodb:Table orders | arn | arn:aws:dynamodb:us-east-1:111122223333:table/orders | determined",
				"aws:dynamodb:Table orders | id | orders | determined",
				"aws:iam:Policy clerk | arn | arn:aws:iam::111122223333:policy/clerk-0000000 | " + bound,
				"aws:iam:Policy clerk | id | arn:aws:iam::111122223333:policy/clerk-0000000 | " + bound,
				"aws:iam:Policy packer | arn | arn:aws:iam::111122223333:policy/packer-0000000 | " + bound,
				"aws:iam:Policy packer | id | arn:aws:iam::111122223333:policy/packer-0000000 | " + bound,
				"dynamoguard: 2 of 2 policy documents judged; 8 values foreseen (8 determined, 0 stand-ins)",
			},
		},
		{
			name: "components", program: nested,
			plain:       one(`policy of aws:iam:Policy "clerk"`),
			foreseen:    stopped(everything("acme:shop:Shop$aws:iam/policy:Policy::clerk", true)),
			differences: stops,
			asked:       []string{own + account},
			told:        []string{"dynamoguard: 1 of 1 policy document judged; 5 values foreseen (4 determined, 1 stand-in)"},
		},
		{
			name: "a resource that is read", program: got,
			plain:       one(`policy of aws:iam:Policy "clerk"`),
			differences: []string{"+ create pulumi:providers:aws::default", "+ read aws:dynamodb/table:Table::same"},
			asked:       []string{own + account},
			told:        []string{"dynamoguard: 1 of 1 policy document judged; 5 values foreseen (4 determined, 1 stand-in)"},
		},
		{
			name: "a stream", program: streaming("orders", true),
			plain: two(`policy of aws:iam:Policy "clerk"`, `policy of aws:iam:Policy "listener"`),
			asked: []string{own + account},
			told:  []string{"dynamoguard: 2 of 2 policy documents judged; 10 values foreseen (6 determined, 4 stand-ins)"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := harness.NewStack(t, documentPolicies, stack(test.program), test.options...)
			plain := s.Plain()
			check(t, "plain preview", plain, test.plain)
			foreseen := s.Foresee(test.flags...)
			check(t, "foreseen preview", foreseen, test.foreseen)
			if diff := cmp.Diff(test.differences, harness.Differences(plain, foreseen)); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.asked, without(foreseen.Asked, plain.Asked)); diff != "" {
				t.Errorf("asked of AWS (-want +got):\n%s", diff)
			}
			tells(t, foreseen, test.told...)
		})
	}
}

// without returns the elements of one list that another has not, each as often
// as it has it more often.
func without(list, other []string) []string {
	counts := map[string]int{}
	for _, element := range other {
		counts[element]++
	}
	var more []string
	for _, element := range list {
		if counts[element]--; counts[element] < 0 {
			more = append(more, element)
		}
	}
	return more
}

// TestForesightOfChanges previews what becomes of a table that is there: another
// one takes its place, and it gets a stream.
func TestForesightOfChanges(t *testing.T) {
	t.Parallel()
	eachCLI(t, func(t *testing.T, cli harness.Option) {
		t.Parallel()
		s := harness.NewStack(t, documentPolicies, stack(streaming("orders", false)), cli)
		check(t, "up", s.Up(), passes(tableOrders, clerk))
		for _, change := range []struct {
			name        string
			program     func(program)
			plain       harness.Result
			differences []string
			told        []string
		}{
			{"nothing", streaming("orders", false), passes(), nil,
				[]string{"dynamoguard: 1 of 1 policy document judged; 0 values foreseen"}},
			{"a stream", streaming("orders", true),
				harness.Result{Policy: []string{notJudged("1 of 2 policy documents were judged", `policy of aws:iam:Policy "listener"`)}}, nil,
				[]string{
					"aws:dynamodb:Table orders | streamArn | arn:aws:dynamodb:us-east-1:111122223333:table/orders/stream/1970-01-04T02:14:50.518 | stand-in",
					"aws:iam:Policy listener | arn | arn:aws:iam::111122223333:policy/listener-0000000 | " + bound,
					"aws:iam:Policy listener | id | arn:aws:iam::111122223333:policy/listener-0000000 | " + bound,
					"aws:iam:Policy listener | policyId | ANPAT76E6COR6FQ7LIZ5P | stand-in",
					"dynamoguard: 2 of 2 policy documents judged; 4 values foreseen (2 determined, 2 stand-ins)",
				}},
			{"another name", streaming("purchases", false),
				harness.Result{Policy: []string{notJudged("0 of 1 policy document was judged", `policy of aws:iam:Policy "clerk"`)}}, nil,
				[]string{
					"aws:dynamodb:Table orders | arn | arn:aws:dynamodb:us-east-1:111122223333:table/purchases | determined",
					"aws:dynamodb:Table orders | id | purchases | determined",
					"dynamoguard: 1 of 1 policy document judged; 2 values foreseen (2 determined, 0 stand-ins)",
				}},
		} {
			s.Become(stack(change.program))
			plain, foreseen := s.Plain(), s.Foresee("--foreseen")
			check(t, change.name+", plain", plain, change.plain)
			check(t, change.name+", foreseen", foreseen, passes())
			if diff := cmp.Diff(change.differences, harness.Differences(plain, foreseen)); diff != "" {
				t.Errorf("%s: differences (-want +got):\n%s", change.name, diff)
			}
			tells(t, foreseen, change.told...)
		}
	})
}

// TestForesightOfSecrets shows nothing of a secret name in what follows from it.
func TestForesightOfSecrets(t *testing.T) {
	t.Parallel()
	s := harness.NewStack(t, documentPolicies, stack(confidential))
	foreseen := s.Foresee("--foreseen")
	check(t, "preview", foreseen, stopped("mandatory high iam-wildcard-action "+clerk+": policy.Statement[0].Action has a wildcard; "+
		"list the actions the workload calls"+orBoundary+". SOC 2: CC6.1, CC6.3"))
	tells(t, foreseen,
		"aws:dynamodb:Table orders | arn | [secret] | determined",
		"aws:iam:Policy clerk | arn | arn:aws:iam::111122223333:policy/clerk-0000000 | "+bound,
		"aws:iam:Policy clerk | id | arn:aws:iam::111122223333:policy/clerk-0000000 | "+bound,
		"aws:iam:Policy clerk | policyId | ANPAEPRMNX7BCRSHBLWZG | stand-in",
		"dynamoguard: 1 of 1 policy document judged; 4 values foreseen (3 determined, 1 stand-in)")
	hides(t, s, foreseen, hidden)
}

// TestForesightAcrossStacks has a document on the table of another stack, which
// is known, and on a new one.
func TestForesightAcrossStacks(t *testing.T) {
	t.Parallel()
	shop := harness.NewStack(t, documentPolicies, stack(func(p program) { p.Export("orders", p.table("orders", nil).Arn) }))
	check(t, "up", shop.Up(), passes(tableOrders))
	s := shop.Beside("billing", "dev", stack(refers))
	plain, foreseen := s.Plain(), s.Foresee()
	check(t, "preview", foreseen, passes())
	if diff := cmp.Diff([]string(nil), harness.Differences(plain, foreseen)); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
	tells(t, foreseen, "dynamoguard: 1 of 1 policy document judged; 5 values foreseen (4 determined, 1 stand-in)")
}

// TestForesightOfEstate foresees a resource of each type whose ARN follows from
// what is declared, and creates them without a forwarder: what was determined of
// them is what they have then.
func TestForesightOfEstate(t *testing.T) {
	t.Parallel()
	s := harness.NewYAML(t, documentPolicies, "testdata/estate")
	foreseen := s.Foresee("--foreseen")
	const judged = "dynamoguard: 1 of 1 policy document judged; 58 values foreseen (44 determined, 14 stand-ins)\n"
	if foreseen.ExitCode != 0 || !strings.HasSuffix(foreseen.Stderr, judged) {
		t.Fatalf("the preview came to exit code %d, want %q\n%s", foreseen.ExitCode, judged, foreseen.Output)
	}
	up := s.Up()
	if up.ExitCode != 0 {
		t.Fatalf("the update came to exit code %d\n%s", up.ExitCode, up.Output)
	}

	var state struct {
		Deployment struct {
			Resources []struct {
				URN     resource.URN
				ID      string
				Outputs map[string]any
			}
		}
	}
	if err := json.Unmarshal(s.Export(), &state); err != nil {
		t.Fatal(err)
	}
	created := map[string]any{} // by resource and property, as lists of what was foreseen name them
	for _, r := range state.Deployment.Resources {
		name := resource.ShortType(r.URN.Type()) + " " + r.URN.Name()
		for property, value := range r.Outputs {
			created[name+" | "+property] = value
		}
		created[name+" | id"] = r.ID
	}
	determined := 0
	for line := range strings.Lines(foreseen.Stderr) {
		cells := cell.Split(strings.TrimSpace(line), -1)
		if len(cells) != 4 || cells[3] != "determined" {
			continue
		}
		determined++
		if property := cells[0] + " | " + cells[1]; created[property] != cells[2] {
			t.Errorf("%s is %v, and was determined to be %s", property, created[property], cells[2])
		}
	}
	if determined != 44 {
		t.Errorf("%d values were listed as determined", determined)
	}
}

// TestForesightInYAML looks at AWS for a new table, which the language host for
// YAML asks in a plain preview, too. The plain and the foreseen preview fail with
// the same errors.
func TestForesightInYAML(t *testing.T) {
	t.Parallel()
	s := harness.NewYAML(t, documentPolicies, "testdata/lookups")
	plain, foreseen := s.Plain(), s.Foresee()
	if plain.ExitCode == 0 {
		t.Errorf("the plain preview passes\n%s", plain.Output)
	}
	if diff := cmp.Diff([]string(nil), harness.Differences(plain, foreseen)); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(plain.Errors, foreseen.Errors); diff != "" {
		t.Errorf("errors (-plain +foreseen):\n%s", diff)
	}
	if !strings.Contains(foreseen.Stderr,
		"dynamoguard: aws:dynamodb:Table orders was left unforeseen: aws:dynamodb/getTable:getTable would look for it at AWS\n") {
		t.Errorf("stderr is\n%s", foreseen.Stderr)
	}
}

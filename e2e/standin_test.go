package e2e

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"dynamoguard/e2e/internal/harness"
	"dynamoguard/e2e/internal/sandbox"
)

// operations returns what the stand-in provider was asked for, as the operation
// says.
func operations(t *testing.T, s *harness.Stack, operation string) []sandbox.Operation {
	t.Helper()
	all, err := s.Sandbox().Operations()
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(o sandbox.Operation) bool { return o.Operation != operation })
}

// TestStandInVersions has a stack use two versions of the provider, one of them
// in another region by the role of another account. The log tells which did
// what, and where the engine found it.
func TestStandInVersions(t *testing.T) {
	eachCLI(t, func(t *testing.T, cli harness.Option) {
		s := harness.NewStack(t, harness.About{}, stack(func(p program) {
			p.table("orders", nil)
			newer, err := aws.NewProvider(p.Context, "newer", &aws.ProviderArgs{
				Region:     pulumi.String("cn-north-1"),
				AssumeRole: &aws.ProviderAssumeRoleArgs{RoleArn: pulumi.String("arn:aws-cn:iam::222222222222:role/deploy")},
			}, pulumi.Version("7.40.0"))
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := sqs.NewQueue(p.Context, "jobs", &sqs.QueueArgs{Name: pulumi.String("jobs")}, pulumi.Provider(newer)); err != nil {
				t.Error(err)
			}
		}), cli, harness.Versions("7.40.0"))
		check(t, "up", s.Up(), passes("aws:dynamodb/table:Table::orders", "aws:sqs/queue:Queue::jobs"))

		var got []string
		for _, o := range operations(t, s, "create") {
			region, _ := o.Values["region"].(string)
			got = append(got, strings.Join([]string{o.Version, o.Account, o.Region, o.ID, region}, " "))
		}
		slices.Sort(got)
		want := []string{
			"6.83.4 111122223333 us-east-1 orders ",
			"7.40.0 222222222222 cn-north-1 https://sqs.cn-north-1.amazonaws.com.cn/222222222222/jobs cn-north-1",
		}
		if !slices.Equal(got, want) {
			t.Errorf("created %q, want %q", got, want)
		}
		for _, o := range operations(t, s, "handshake") {
			folder := filepath.Join(s.Sandbox().Home(), "plugins", "resource-aws-v"+o.Version)
			if o.RootDirectory != folder || o.ProgramDirectory != folder {
				t.Errorf("version %s is in %q and %q, want %q", o.Version, o.RootDirectory, o.ProgramDirectory, folder)
			}
		}
	})
}

// TestStandInLookups answers a lookup of what another stack made, and fails that
// of what does not exist.
func TestStandInLookups(t *testing.T) {
	looksUp := func(table string) pulumi.RunFunc {
		return func(ctx *pulumi.Context) error {
			_, err := dynamodb.LookupTable(ctx, &dynamodb.LookupTableArgs{Name: table})
			return err
		}
	}
	tables := harness.NewStack(t, harness.About{}, stack(func(p program) { p.table("orders", nil) }))
	check(t, "up", tables.Up(), passes("aws:dynamodb/table:Table::orders"))

	s := tables.Beside("reports", "dev", looksUp("orders"))
	check(t, "preview of what is there", s.Plain(), passes())
	s.Become(looksUp("carts"))
	const missing = "invoking aws:dynamodb/getTable:getTable: 1 error occurred:\n\t* reading DynamoDB Table (carts): couldn't find resource"
	if result := s.Preview(); !strings.Contains(strings.Join(result.Errors, "\n"), missing) {
		t.Errorf("the lookup of no table: %q\n%s", result.Errors, result.Output)
	}

	var asked []any
	for _, o := range operations(t, s, "invoke") {
		asked = append(asked, o.Values["name"])
	}
	if !slices.Equal(asked, []any{"orders", "carts"}) {
		t.Errorf("AWS was asked for %v", asked)
	}
}

// TestStandInFaults fails a call, and ends the process in one.
func TestStandInFaults(t *testing.T) {
	s := harness.NewStack(t, harness.About{}, stack(func(p program) { p.table("orders", nil) }))
	for fault, want := range map[string]string{
		"create aws:dynamodb/table:Table error=the quota is used up": "the quota is used up",
		// The kernel decides whether the engine reads an end or a reset of the connection: CI met both.
		"create aws:dynamodb/table:Table crash":                                       "error reading from server: ",
		"start * error=no provider today":                                             "no provider today",
		"configure * error=unable to validate AWS credentials":                        "unable to validate AWS credentials",
		"check aws:dynamodb/table:Table delay=1ms\ncheck * error=after a millisecond": "after a millisecond",
	} {
		s.Faults(fault)
		if result := s.Preview(); result.ExitCode == 0 || !strings.Contains(result.Output, want) {
			t.Errorf("%s: exit code %d, want %q in\n%s", fault, result.ExitCode, want, result.Output)
		}
	}
	s.Faults()
	check(t, "preview without faults", s.Preview(), passes())
}

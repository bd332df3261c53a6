package e2e

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/e2e/internal/cloud"
	"dynamoguard/e2e/internal/harness"
)

// organization starts an organization of Pulumi Cloud. Its administrator is alice.
func organization(t *testing.T) (service *cloud.Service, alice string) {
	t.Helper()
	service, stop := cloud.Start("acme", time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC))
	t.Cleanup(func() {
		stop()
		if unanswered := service.Unanswered(); unanswered != nil {
			t.Errorf("the CLI asked what the service has no answer to: %q", unanswered)
		}
	})
	return service, service.Token("alice", cloud.Admin)
}

// versionOf returns the version of a pack in a folder, by its project file.
func versionOf(t *testing.T, folder string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "PulumiPolicy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^version: (.+)$`).FindSubmatch(text)
	if found == nil {
		t.Fatalf("the project file has no version:\n%s", text)
	}
	return string(found[1])
}

// told is what a command of the CLI wrote: stdout, then stderr.
func told(t *testing.T, s *harness.Governed, folder string, args ...string) (lines []string, exitCode int) {
	t.Helper()
	stdout, stderr, code := s.RunIn(folder, args...)
	for line := range strings.Lines(stdout + stderr) {
		// The CLI says the latter where it meets a token for the first time.
		if line = strings.TrimRight(line, " \n"); line != "" && line != "Logging in using access token from PULUMI_ACCESS_TOKEN" {
			lines = append(lines, line)
		}
	}
	return lines, code
}

// does runs a command that has to succeed.
func does(t *testing.T, s *harness.Governed, folder string, args ...string) []string {
	t.Helper()
	lines, code := told(t, s, folder, args...)
	if code != 0 {
		t.Fatalf("pulumi %s: exit code %d\n%s", strings.Join(args, " "), code, strings.Join(lines, "\n"))
	}
	return lines
}

// says runs a command, and compares its exit code and all that it says.
func says(t *testing.T, s *harness.Governed, folder string, exitCode int, want []string, args ...string) {
	t.Helper()
	lines, code := told(t, s, folder, args...)
	if diff := cmp.Diff(want, lines); diff != "" || code != exitCode {
		t.Errorf("pulumi %s: exit code %d, not %d (-want +got):\n%s", strings.Join(args, " "), code, exitCode, diff)
	}
}

const unencrypted = "mandatory high table-encryption aws:dynamodb/table:Table::bills: serverSideEncryption is not set: the table is " +
	"encrypted with the AWS-owned key, which nobody can audit or revoke; set serverSideEncryption.enabled to true, and " +
	"serverSideEncryption.kmsKeyArn to a customer managed key where another account reads the table. SOC 2: C1.1, CC6.1"

// TestCloud publishes the pack to an organization, enables it with a configuration for all of its stacks, and previews and updates
// a stack as a developer does, who names no pack: the violation stops both until the organization makes an exception of the
// table, which ends.
func TestCloud(t *testing.T) {
	service, alice := organization(t)
	bob := service.Token("bob", cloud.Member)
	folder := sourceForm(t)
	version := versionOf(t, folder)
	bills := stack(func(p program) { p.table("bills", awsOwnedKey) })
	s := harness.NewGoverned(t, harness.About{"table-encryption"}, service, alice, bills, harness.Newest)

	published := does(t, s, folder, "policy", "publish", "acme")
	publishing := []string{
		"Obtaining policy metadata from policy plugin",
		"Compressing policy pack",
		"Uploading policy pack to Pulumi service",
		`Publishing "dynamoguard" - version ` + version + ` to "acme"`,
	}
	if diff := cmp.Diff(publishing, published[:4]); diff != "" {
		t.Errorf("publish (-want +got):\n%s", diff)
	}
	says(t, s, folder, 1, append(publishing,
		"error: Publish policy pack failed: [400] Bad Request: Policy Pack: dynamoguard, Version Tag: "+version+" already exists",
	), "policy", "publish", "acme")
	says(t, s, folder, 0, []string{
		"Policy pack acme/dynamoguard version " + version + " configuration is valid.",
	}, "policy", "validate-config", "acme/dynamoguard", version, "--config", "$CONFIG")
	says(t, s, folder, 0, []string{
		"Name:                  default-policy-group",
		"Org default:           yes",
		"Mode:                  preventative",
		"Applied policy packs:  1",
		"  - dynamoguard (" + version + ")",
		"Stacks:                1",
		"  - shop/dev",
		"Accounts:              0",
	}, "policy", "enable", "acme/dynamoguard", "latest", "--config", "$CONFIG")
	says(t, s, folder, 0, []string{
		"NAME         VERSIONS",
		"dynamoguard  " + version,
	}, "policy", "ls", "acme")
	says(t, s, folder, 0, []string{
		"NAME                           DEFAULT  ENABLED POLICY PACKS  STACKS  ACCOUNTS  MODE",
		"default-policy-group           Y        1                     1       0         preventative",
		"default-accounts-policy-group  Y        0                     0       0         audit",
	}, "policy", "group", "ls", "acme")

	// A developer's machine, which has nothing of the pack yet.
	developer := s.Elsewhere(bob, bills, harness.Newest)
	preview := developer.Preview()
	check(t, "preview", preview, stopped(unencrypted))
	if want := "Installing policy pack dynamoguard@v" + version; !strings.Contains(preview.Output, want) {
		t.Errorf("preview does not say %q:\n%s", want, preview.Output)
	}
	check(t, "up", developer.Up(), stoppedUp(unencrypted))

	// The organization makes an exception of what stopped the update, for a week.
	says(t, s, folder, 0, []string{
		"Created policy exception EXC-1",
		"Expires: 2026-12-04T12:00:00Z",
	}, "policy", "exception", "new", "dynamoguard", "--stack", "acme/shop/dev",
		"--reason", "moves to a customer managed key (OPS-17)", "--expires-in", "7d", "--yes")
	for _, run := range []func() harness.Result{developer.Preview, developer.Up} {
		passes := run()
		exempted := []string{"EXC-1: moves to a customer managed key (OPS-17): " + unencrypted}
		if diff := cmp.Diff(exempted, developer.Exempted()); diff != "" || passes.ExitCode != 0 {
			t.Errorf("exempted: exit code %d (-want +got):\n%s\n%s", passes.ExitCode, diff, passes.Output)
		}
	}
	// A CLI that knows no exceptions is stopped.
	check(t, "preview by an older CLI", s.Elsewhere(bob, bills, harness.Oldest).Preview(), stopped(unencrypted))
	service.Later(7 * 24 * time.Hour)
	check(t, "preview after the exception has ended", developer.Preview(), stopped(unencrypted))

	archived(t, service, folder)
	var runs []string
	for _, u := range service.Updates() {
		runs = append(runs, strings.TrimSpace(u.Kind+" "+u.Stack+" "+u.Status))
	}
	if diff := cmp.Diff([]string{
		"preview shop/dev failed", "update shop/dev failed", "preview shop/dev succeeded", "update shop/dev succeeded",
		"preview shop/dev failed", "preview shop/dev failed",
	}, runs); diff != "" {
		t.Errorf("runs that the service has (-want +got):\n%s", diff)
	}
}

// configured writes a configuration to a file.
func configured(t *testing.T, config string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// only writes a configuration in which all policies are disabled but those that it says.
func only(t *testing.T, config string) string {
	t.Helper()
	all := map[string]any{}
	for _, other := range (harness.About{}).Others(t) {
		all[other] = "disabled"
	}
	if err := json.Unmarshal([]byte(config), &all); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return configured(t, string(text))
}

// TestCloudLevels has a stack governed at one level after the other, by groups that block, audit and come together.
func TestCloudLevels(t *testing.T) {
	service, alice := organization(t)
	folder := binaryForm(t, here)
	version := versionOf(t, folder)
	s := harness.NewGoverned(t, harness.About{"table-encryption"}, service, alice,
		stack(func(p program) { p.table("bills", awsOwnedKey) }), harness.Newest)
	does(t, s, folder, "policy", "publish", "acme")
	advisory := strings.Replace(unencrypted, "mandatory", "advisory", 1)

	does(t, s, folder, "policy", "enable", "acme/dynamoguard", "latest", "--config", only(t, `{"table-encryption": "advisory"}`))
	check(t, "advisory", s.Preview(), harness.Result{Policy: []string{advisory}})
	does(t, s, folder, "policy", "enable", "acme/dynamoguard", "latest", "--config", only(t, `{}`))
	check(t, "disabled", s.Preview(), harness.Result{})
	does(t, s, folder, "policy", "enable", "acme/dynamoguard", "latest", "--config", "$CONFIG") // at the pack's own level
	check(t, "as it comes", s.Preview(), stopped(unencrypted))
	does(t, s, folder, "policy", "disable", "acme/dynamoguard", "--version", version)
	check(t, "not enabled", s.Preview(), harness.Result{})

	// An audit group blocks nobody: the service judges the state after the update, and hands no pack to the run.
	does(t, s, folder, "policy", "group", "new", "watched", "--mode", "audit")
	does(t, s, folder, "policy", "group", "edit", "watched", "--add-stack", "shop/dev", "--add-policy-pack", "dynamoguard@"+version)
	check(t, "audited", s.Preview(), harness.Result{})

	// Two groups, two versions: the newer one judges, with the configuration of its group. The version is that of the project file.
	project := filepath.Join(folder, "PulumiPolicy.yaml")
	text, err := os.ReadFile(project)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(project, bytes.Replace(text, []byte("version: "+version), []byte("version: 99.0.0"), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	does(t, s, folder, "policy", "publish", "acme")
	does(t, s, folder, "policy", "enable", "acme/dynamoguard", version, "--config", "$CONFIG")
	does(t, s, folder, "policy", "group", "new", "piloted", "--mode", "preventative")
	does(t, s, folder, "policy", "group", "edit", "piloted", "--add-stack", "shop/dev")
	does(t, s, folder, "policy", "enable", "acme/dynamoguard", "99.0.0", "--policy-group", "piloted",
		"--config", only(t, `{"table-encryption": "advisory"}`))
	piloted := s.Preview()
	check(t, "piloted", piloted, harness.Result{Policy: []string{advisory}})
	if want := "dynamoguard@v99.0.0"; !strings.Contains(piloted.Output, want) || strings.Contains(piloted.Output, "dynamoguard@v"+version) {
		t.Errorf("the preview is not judged by %s alone:\n%s", want, piloted.Output)
	}
	says(t, s, folder, 0, []string{
		"NAME         VERSIONS",
		"dynamoguard  99.0.0, " + version,
	}, "policy", "ls", "acme")
}

// TestCloudConfiguration gives the group configurations with mistakes. What the schema says `validate-config` refuses, and the run;
// the rest, and that a file has exceptions, which `policy enable` leaves out, is seen by the run alone, or by doctor.
func TestCloudConfiguration(t *testing.T) {
	service, alice := organization(t)
	folder := binaryForm(t, here)
	version := versionOf(t, folder)
	s := harness.NewGoverned(t, harness.About{"table-encryption"}, service, alice,
		stack(func(p program) { p.table("bills", awsOwnedKey) }), harness.Newest)
	does(t, s, folder, "policy", "publish", "acme")
	validate := []string{"policy", "validate-config", "acme/dynamoguard", version, "--config"}
	enable := []string{"policy", "enable", "acme/dynamoguard", version, "--config"}

	choice := configured(t, `{"table-encryption": {"minimumKey": "custmer"}}`)
	says(t, s, folder, 1, []string{
		`error: policy pack configuration is invalid: minimumKey must be one of the following: "aws-owned", "aws-managed", "customer"`,
	}, append(validate, choice)...)
	does(t, s, folder, append(enable, choice)...)
	check(t, "a choice that is none", s.Preview(), harness.Result{ExitCode: 1, Errors: []string{
		"validating policy config: dynamoguard " + version + `  table-encryption: minimumKey: minimumKey must be one of the following: ` +
			`"aws-owned", "aws-managed", "customer"`,
		"validating policy config",
	}})

	misspelt := configured(t, `{"table-encryption": {"minimunKey": "customer"}}`)
	does(t, s, folder, append(validate, misspelt)...)
	does(t, s, folder, append(enable, misspelt)...)
	const mistake = `table-encryption.minimunKey is not a property; did you mean "minimumKey"?`
	check(t, "a property that is none", s.Preview(), harness.Result{ExitCode: 1, Errors: []string{
		`configuring policy pack "dynamoguard": dynamoguard cannot use its configuration:` + "\n  " + mistake,
	}})
	if stdout, stderr, code := s.Run("doctor", "--config", misspelt); code != 1 || !strings.Contains(stdout+stderr, mistake) {
		t.Errorf("doctor: exit code %d, and not %q:\n%s%s", code, mistake, stdout, stderr)
	}

	policies, err := os.ReadFile(only(t, `{"table-encryption": "mandatory"}`))
	if err != nil {
		t.Fatal(err)
	}
	excepted := configured(t, `{"version": 2, "policies": `+string(policies)+`, "exceptions": {"OPS-17": {"reason": "moves", "match": [
		{"policies": ["table-encryption"], "targets": ["urn:pulumi:dev::shop::aws:dynamodb/table:Table::bills"]}]}}}`)
	does(t, s, folder, append(validate, excepted)...)
	does(t, s, folder, append(enable, excepted)...)
	check(t, "exceptions in the file", s.Preview(), stopped(unencrypted))
}

// TestCloudEnvironment has the group take its configuration from the ESC environment of examples/esc, and the index from a server
// that asks for the header which that holds. Only those who may open it can run a stack of the group.
func TestCloudEnvironment(t *testing.T) {
	service, alice := organization(t)
	bob, carol := service.Token("bob", cloud.Member), service.Token("carol", cloud.Member)
	made := time.Now().UTC() // an old index is told as one
	index := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer token-that-may-read-the-index" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, `{"schemaVersion": 1, "generatedAt": %q, "tables": [{"partition": "aws", "account": "111122223333",
			"region": "us-east-1", "name": "bills", "organization": "acme", "project": "billing", "stack": "prod",
			"urn": "urn:pulumi:prod::billing::aws:dynamodb/table:Table::bills"}]}`, made.Format(time.RFC3339))
	}))
	defer index.Close()
	text, err := os.ReadFile("../examples/esc/dynamoguard.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const example = "https://tables.example.com/index.json"
	if !bytes.Contains(text, []byte(example)) {
		t.Fatalf("the example does not name %s", example)
	}
	service.Environment("policies/dynamoguard", strings.Replace(string(text), example, index.URL+"/index.json", 1), "bob")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: index.Certificate().Raw})
	service.Environment("policies/test-authority", "values:\n  files:\n    SSL_CERT_FILE: "+strconv.Quote(string(certificate)), "bob")

	folder := binaryForm(t, here)
	s := harness.NewGoverned(t, harness.About{"table-encryption"}, service, alice,
		stack(func(p program) { p.table("bills", nil) }), harness.Newest)
	does(t, s, folder, "policy", "publish", "acme")
	enable := func(environments, policies string) {
		t.Helper()
		s.As(alice)
		does(t, s, folder, "policy", "enable", "acme/dynamoguard", "latest", "--config", only(t, `{
			"environments": ["`+environments+`"], "dynamoguard": {
				"accounts": [{"stacks": "shop/*", "account": "111122223333"}], "index": {"budgetSeconds": 60}
			}, `+policies+`}`))
	}
	enable(`policies/dynamoguard", "policies/test-authority`, `"table-encryption": {}, "table-name-collision": "advisory"`)
	s.As(bob)
	taken := `advisory high table-name-collision aws:dynamodb/table:Table::bills: name: the table name "bills" is taken in account ` +
		`111122223333 (by dynamoguard.accounts) and region us-east-1 by stack billing/prod, ` +
		`urn:pulumi:prod::billing::aws:dynamodb/table:Table::bills (by the index ` + index.URL + `/index.json of ` +
		made.Format("2006-01-02 15:04 MST") +
		`); give one of the two another name, or let one stack own the table and the other refer to it. SOC 2: CC8.1, A1.2`
	check(t, "by the environment", s.Preview(), stopped(taken,
		"mandatory high table-encryption aws:dynamodb/table:Table::bills: serverSideEncryption.kmsKeyArn is not set: the table is encrypted "+
			"with the AWS-managed key alias/aws/dynamodb, whose policy nobody can change; set serverSideEncryption.enabled to true and "+
			"serverSideEncryption.kmsKeyArn to a customer managed key. SOC 2: C1.1, CC6.1"))

	// What the group says itself counts more than what the environment says.
	enable(`policies/dynamoguard", "policies/test-authority`,
		`"table-encryption": {"minimumKey": "aws-managed"}, "table-name-collision": "advisory"`)
	s.As(bob)
	check(t, "by the group", s.Preview(), harness.Result{Policy: []string{taken}})

	s.As(carol)
	check(t, "who may not open it", s.Preview(), harness.Result{ExitCode: 1, Errors: []string{
		`resolving ESC environments for "dynamoguard": opening ESC environments for policy pack "dynamoguard":` +
			"\n  carol may not open the environment \"policies/dynamoguard\"\n  carol may not open the environment \"policies/test-authority\"",
	}})

	// A level alone, which the group's file may say, the CLI cannot read there.
	service.Environment("policies/short", "values: {policyConfig: {table-encryption: mandatory}}", "bob")
	enable("policies/short", `"table-encryption": {}`)
	s.As(bob)
	check(t, "a level alone", s.Preview(), harness.Result{ExitCode: 1, Errors: []string{
		"json: cannot unmarshal string into Go value of type map[string]interface {}",
	}})
}

// TestCloudAcross has a table whose name a stack of another project has, which the pack learns from the organization itself: with the
// token of the run, and so of those stacks alone which that may read.
func TestCloudAcross(t *testing.T) {
	service, alice := organization(t)
	bob := service.Token("bob", cloud.Member)
	folder := binaryForm(t, here)
	bills := stack(func(p program) { p.table("bills", nil) })
	s := harness.NewGoverned(t, harness.About{"table-name-collision"}, service, alice, bills, harness.Newest,
		harness.PackConfig(`{"dynamoguard": {"accounts": [{"stacks": "*", "account": "111122223333"}], "index": {"budgetSeconds": 60}}}`))
	does(t, s, folder, "policy", "publish", "acme")
	does(t, s, folder, "policy", "enable", "acme/dynamoguard", "latest", "--config", "$CONFIG")
	other := s.Beside("billing", "prod", bills)
	if up := other.Up(); up.ExitCode != 0 {
		t.Fatalf("up of the first: exit code %d\n%s", up.ExitCode, up.Output)
	}
	service.Private("billing/prod")
	found := s.Elsewhere(alice, bills, harness.Newest).Preview()
	written := regexp.MustCompile(` of \d{4}-\d\d-\d\d \d\d:\d\d UTC\)`) // as the CLI's clock has it
	for i, policy := range found.Policy {
		found.Policy[i] = written.ReplaceAllString(policy, ")")
	}
	check(t, "alice", found, stopped(
		`mandatory high table-name-collision aws:dynamodb/table:Table::bills: name: the table name "bills" is taken in account 111122223333 `+
			"(by dynamoguard.accounts) and region us-east-1 by stack billing/prod, urn:pulumi:prod::billing::aws:dynamodb/table:Table::bills "+
			"(by the state in Pulumi Cloud); give one of the two another name, or let one stack own the table and the other refer to it. "+
			"SOC 2: CC8.1, A1.2"))
	check(t, "bob, who may not read the other stack", s.Elsewhere(bob, bills, harness.Newest).Preview(), harness.Result{})
}

// TestCloudForeseen foresees a preview of a governed stack: what the run adds leaves the judgement to the organization's pack, which
// sees what is foreseen.
func TestCloudForeseen(t *testing.T) {
	service, alice := organization(t)
	folder := binaryForm(t, here)
	s := harness.NewGoverned(t, documentPolicies, service, alice, stack(half), harness.Newest)
	does(t, s, folder, "policy", "publish", "acme")
	does(t, s, folder, "policy", "enable", "acme/dynamoguard", "latest", "--config", "$CONFIG")
	unknown := notJudged("0 of 1 policy document was judged", `inlinePolicies[0].policy of aws:iam:Role "checkout"`)
	check(t, "preview", s.Preview(), harness.Result{Policy: []string{unknown}})
	reports := t.TempDir()
	foreseen := s.ForeseeThrough("preview", "--report", reports)
	violation := `inlinePolicies[0].policy.Statement[0].Action[0] "dynamodb:*" grants 57 DynamoDB actions, DeleteTable among them; ` +
		"list the actions the workload calls. SOC 2: CC6.1, CC6.3"
	check(t, "foreseen", foreseen, stopped("mandatory high iam-wildcard-action aws:iam/role:Role::checkout: "+violation))
	report, err := os.ReadFile(filepath.Join(reports, "preview", "report.txt"))
	if err != nil || !bytes.Contains(report, []byte("DeleteTable")) {
		t.Errorf("the report on the preview: %v\n%s", err, report)
	}
	tells(t, foreseen, "dynamoguard: 1 of 1 policy document judged; 7 values foreseen (6 determined, 1 stand-in)")

	// A pack that a plain preview names itself judges beside the organization's.
	check(t, "with the pack named as well", s.Plain(), harness.Result{Policy: []string{unknown, unknown}})
}

// archived compares what the service received with the staging folder, and with the clone: all that the pack is compiled from is
// there, as it is in the clone, and no test.
func archived(t *testing.T, service *cloud.Service, folder string) {
	t.Helper()
	archive, ok := service.Archive("dynamoguard", versionOf(t, folder))
	if !ok {
		t.Fatal("nothing was published")
	}
	const limit = 2 << 20
	if len(archive) > limit {
		t.Errorf("the archive has %d bytes, more than %d", len(archive), limit)
	}
	got := map[string]string{}
	unzipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	for files := tar.NewReader(unzipped); ; {
		file, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(files)
		if err != nil {
			t.Fatal(err)
		}
		got[file.Name] = string(content)
	}
	want := map[string]string{}
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		want["package/"+filepath.ToSlash(name)] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("files of the archive (-staged +archived):\n%s", diff)
	}

	list := exec.CommandContext(t.Context(), "go", "list", "-C", "..", "-deps", "-f",
		"{{with .Module}}{{if .Main}}{{range $.GoFiles}}{{$.Dir}}/{{.}}\n{{end}}{{range $.EmbedFiles}}{{$.Dir}}/{{.}}\n{{end}}{{end}}{{end}}", ".")
	sources, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	if root, err = filepath.EvalSymlinks(root); err != nil { // as the go command writes its folders
		t.Fatal(err)
	}
	for file := range strings.Lines(string(sources)) {
		if file = strings.TrimSpace(file); file == "" {
			continue
		}
		name, err := filepath.Rel(root, file)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := got["package/"+filepath.ToSlash(name)]; !ok {
			t.Errorf("the archive lacks %s, which the pack is compiled from", name)
		}
	}
	for name, content := range got {
		name = strings.TrimPrefix(name, "package/")
		if strings.HasSuffix(name, "_test.go") {
			t.Errorf("the archive has the test %s", name)
		}
		if name == "go.mod" || name == "go.sum" || strings.HasPrefix(name, "modules/") { // made for the archive
			continue
		}
		if own, err := os.ReadFile(filepath.Join("..", name)); err != nil || string(own) != content {
			t.Errorf("%s of the archive is not that of the clone: %v", name, err)
		}
	}
}

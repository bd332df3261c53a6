package e2e

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
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
	s := harness.NewGoverned(t, harness.About{"table-encryption"}, service, alice,
		stack(func(p program) { p.table("bills", awsOwnedKey) }), harness.Newest)

	published := does(t, s, folder, "policy", "publish", "acme")
	publishing := []string{
		"Obtaining policy metadata from policy plugin",
		"Compressing policy pack",
		"Uploading policy pack to Pulumi service",
		`Publishing "dynamoguard" - version 0.1.0 to "acme"`,
	}
	if diff := cmp.Diff(publishing, published[:4]); diff != "" {
		t.Errorf("publish (-want +got):\n%s", diff)
	}
	says(t, s, folder, 1, append(publishing,
		"error: Publish policy pack failed: [400] Bad Request: Policy Pack: dynamoguard, Version Tag: 0.1.0 already exists",
	), "policy", "publish", "acme")
	says(t, s, folder, 0, []string{
		"Policy pack acme/dynamoguard version 0.1.0 configuration is valid.",
	}, "policy", "validate-config", "acme/dynamoguard", "0.1.0", "--config", "$CONFIG")
	says(t, s, folder, 0, []string{
		"Name:                  default-policy-group",
		"Org default:           yes",
		"Mode:                  preventative",
		"Applied policy packs:  1",
		"  - dynamoguard (0.1.0)",
		"Stacks:                1",
		"  - shop/dev",
		"Accounts:              0",
	}, "policy", "enable", "acme/dynamoguard", "latest", "--config", "$CONFIG")
	says(t, s, folder, 0, []string{
		"NAME         VERSIONS",
		"dynamoguard  0.1.0",
	}, "policy", "ls", "acme")
	says(t, s, folder, 0, []string{
		"NAME                  DEFAULT  ENABLED POLICY PACKS  STACKS  ACCOUNTS  MODE",
		"default-policy-group  Y        1                     1       0         preventative",
	}, "policy", "group", "ls", "acme")

	// A developer's machine, which has nothing of the pack yet.
	s.As(bob)
	stopped := s.Preview()
	if diff := cmp.Diff([]string{unencrypted}, stopped.Policy); diff != "" || stopped.ExitCode != 1 {
		t.Errorf("preview: exit code %d (-want +got):\n%s\n%s", stopped.ExitCode, diff, stopped.Output)
	}
	if want := "Installing policy pack dynamoguard@v0.1.0"; !strings.Contains(stopped.Output, want) {
		t.Errorf("preview does not say %q:\n%s", want, stopped.Output)
	}
	up := s.Up()
	if diff := cmp.Diff([]string{unencrypted}, up.Policy); diff != "" || up.ExitCode != 1 || up.Created != nil {
		t.Errorf("up: exit code %d, created %q (-want +got):\n%s\n%s", up.ExitCode, up.Created, diff, up.Output)
	}

	// The organization makes an exception of what stopped the preview, for a week.
	s.As(alice)
	says(t, s, folder, 0, []string{
		"Created policy exception EXC-1",
		"Expires: 2026-12-04T12:00:00Z",
	}, "policy", "exception", "new", "dynamoguard", "--stack", "acme/shop/dev",
		"--reason", "moves to a customer managed key (OPS-17)", "--expires-in", "7d", "--yes")
	exempted := []string{"EXC-1: moves to a customer managed key (OPS-17): " + unencrypted}
	s.As(bob)
	for _, run := range []func() harness.Result{s.Preview, s.Up} {
		passes := run()
		if diff := cmp.Diff(exempted, s.Exempted()); diff != "" || passes.ExitCode != 0 {
			t.Errorf("exempted: exit code %d (-want +got):\n%s\n%s", passes.ExitCode, diff, passes.Output)
		}
	}
	service.Later(7 * 24 * time.Hour)
	if again := s.Preview(); again.ExitCode != 1 || s.Exempted() != nil {
		t.Errorf("preview after the exception has ended: exit code %d, exempted %q\n%s", again.ExitCode, s.Exempted(), again.Output)
	}

	archived(t, service, folder)
	var runs []string
	for _, u := range service.Updates() {
		runs = append(runs, strings.TrimSpace(u.Kind+" "+u.Stack+" "+u.Status))
	}
	if diff := cmp.Diff([]string{
		"preview shop/dev failed", "update shop/dev failed", "preview shop/dev succeeded", "update shop/dev succeeded", "preview shop/dev failed",
	}, runs); diff != "" {
		t.Errorf("runs that the service has (-want +got):\n%s", diff)
	}
}

// archived compares what the service received with the staging folder, and that with the clone.
func archived(t *testing.T, service *cloud.Service, folder string) {
	t.Helper()
	archive, ok := service.Archive("dynamoguard", "0.1.0")
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
	t.Logf("%d files, %d bytes", len(got), len(archive))
}

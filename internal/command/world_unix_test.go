//go:build unix

package command

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/account"
	"dynamoguard/internal/index"
)

// TestAWSFiles reads the AWS configuration of a world: each file once, and none that is a pipe.
func TestAWSFiles(t *testing.T) {
	home := t.TempDir()
	for _, name := range []string{
		"HOME", "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONFIG_FILE",
		"AWS_SHARED_CREDENTIALS_FILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB",
	} {
		t.Setenv(name, "")
	}
	t.Setenv("HOME", home)
	config := filepath.Join(home, ".aws", "config")
	write := func(text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(config), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("[default]\nsso_account_id = 111122223333\n")
	w := world(t.Context(), index.System())
	want := account.Answer{ID: "111122223333", From: `the AWS profile "default", sso_account_id`}
	if diff := cmp.Diff(want, w.AWS.Ambient()); diff != "" {
		t.Error(diff)
	}
	write("[default]\nsso_account_id = 444455556666\n")
	if diff := cmp.Diff(want, w.AWS.Ambient()); diff != "" {
		t.Errorf("read again: %s", diff)
	}
	if err := syscall.Mkfifo(filepath.Join(home, ".aws", "credentials"), 0o600); err != nil {
		t.Fatal(err)
	}
	want = account.Answer{From: `the AWS profile "default" cannot be read: credentials: is not a regular file`}
	if diff := cmp.Diff(want, world(t.Context(), index.System()).AWS.Ambient()); diff != "" {
		t.Error(diff)
	}
}

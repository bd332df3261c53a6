// Package testbackend starts backends for tests, apart from the machine's own logins, and fills them.
package testbackend

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/pulumi/pulumi/pkg/v3/backend/diy"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"
)

// Isolate takes the machine's logins and credentials out of a test's sight.
func Isolate(t testing.TB) {
	t.Helper()
	home := t.TempDir()
	for name, value := range map[string]string{
		"HOME": home, "USERPROFILE": home, "PULUMI_HOME": filepath.Join(home, ".pulumi"),
		"PULUMI_CREDENTIALS_PATH": "", "PULUMI_ACCESS_TOKEN": "", "PULUMI_BACKEND_URL": "", "PULUMI_API": "",
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
		"AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
}

// Folder returns the URL of a new file backend.
func Folder(t testing.TB) string { return "file://" + filepath.ToSlash(t.TempDir()) }

// S3 starts an S3-compatible server with one bucket, and returns the URL of a backend in a folder of it.
func S3(t testing.TB) string {
	t.Helper()
	objects := s3mem.New()
	if err := objects.CreateBucket("states"); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(gofakes3.New(objects).Server())
	t.Cleanup(server.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	// The endpoint without a scheme and disableSSL are the forms of old, which the CLI still takes.
	return "s3://states/team?region=us-east-1&s3ForcePathStyle=true&disableSSL=true&endpoint=" +
		strings.TrimPrefix(server.URL, "http://")
}

// Write creates a stack, "project/stack", or writes a new state of it, with the CLI's own backend for buckets.
func Write(t testing.TB, url, stack, state string) {
	t.Helper()
	sink := diag.DefaultSink(io.Discard, io.Discard, diag.FormatOptions{Color: colors.Never})
	backend, err := diy.New(t.Context(), sink, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := backend.ParseStackReference("organization/" + stack)
	if err != nil {
		t.Fatal(err)
	}
	var deployment apitype.UntypedDeployment
	if err := json.Unmarshal([]byte(state), &deployment); err != nil {
		t.Fatal(err)
	}
	existing, err := backend.GetStack(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	if existing == nil {
		_, err = backend.CreateStack(t.Context(), ref, "", &deployment, nil)
	} else {
		err = backend.ImportDeployment(t.Context(), existing, &deployment)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// State returns what `pulumi stack export` prints of a stack, "project/stack", with some tables, each
// "name region account" (the provider's region and account 111122223333 where left out), or with "secret" for a table
// whose name is one.
func State(stack string, tables ...string) string {
	project, name, _ := strings.Cut(stack, "/")
	urn := func(typ, resource string) string {
		return fmt.Sprintf("urn:pulumi:%s::%s::%s::%s", name, project, typ, resource)
	}
	type object = map[string]any
	const id = "e0b3b0a5-6a5e-4b6f-8f0c-0d1f5d1f5d1f"
	provider := urn("pulumi:providers:aws", "default")
	resources := []object{
		{"urn": urn("pulumi:pulumi:Stack", project+"-"+name), "custom": false, "type": "pulumi:pulumi:Stack"},
		{"urn": provider, "custom": true, "id": id, "type": "pulumi:providers:aws",
			"inputs": object{"region": "us-east-1"}, "outputs": object{"region": "us-east-1"}},
	}
	for i, table := range tables {
		fields := append(strings.Fields(table), "us-east-1", "111122223333")
		if len(fields) == 5 {
			fields = fields[:3]
		} else if len(fields) == 4 {
			fields[2] = "111122223333"
		}
		tableName := any(fields[0])
		arn := any("arn:aws:dynamodb:" + fields[1] + ":" + fields[2] + ":table/" + fields[0])
		if fields[0] == "secret" {
			secret := object{"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": Ciphertext}
			tableName, arn = secret, secret
		}
		resources = append(resources, object{
			"urn": urn("aws:dynamodb/table:Table", fmt.Sprintf("table%d", i)), "custom": true, "id": "known-after-create",
			"type":     "aws:dynamodb/table:Table",
			"inputs":   object{"name": tableName, "billingMode": "PAY_PER_REQUEST"},
			"outputs":  object{"name": tableName, "arn": arn, "billingMode": "PAY_PER_REQUEST"},
			"provider": provider + "::" + id,
		})
	}
	text, err := json.Marshal(object{"version": 3, "deployment": object{
		"manifest":          object{"time": "2026-01-02T03:04:05Z", "magic": "", "version": "v3.259.0"},
		"secrets_providers": object{"type": "passphrase", "state": object{"salt": Salt}},
		"resources":         resources,
	}})
	if err != nil {
		panic(err) // of maps and strings
	}
	return string(text)
}

// Pad makes a state larger, with a resource that has about as many bytes.
func Pad(state string, size int) string {
	if size == 0 {
		return state
	}
	const function = `{"urn":"urn:pulumi:dev::shop::aws:lambda/function:Function::f","type":"aws:lambda/function:Function",` +
		`"inputs":{"environment":"%s"}},`
	padding := fmt.Sprintf(function, strings.Repeat("0123456789abcdef", size/16))
	return strings.Replace(state, `"resources":[`, `"resources":[`+padding, 1)
}

// What the states hold of secrets. No index may.
const (
	Ciphertext = "v1:Zm9ydHktdHdv:c2VjcmV0LW9yZGVycy10YWJsZQ=="
	Salt       = "v1:c2FsdHNhbHQ=:v1:bm9uY2U=:aW50ZWdyaXR5"
)

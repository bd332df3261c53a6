package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v5"
	"google.golang.org/protobuf/types/known/emptypb"

	"dynamoguard/e2e/internal/harness"
	"dynamoguard/e2e/internal/wire"
)

const packFile = "pulumi-analyzer-dynamoguard"

// releases is where the README has releases at.
var releases = regexp.MustCompile(`https://github\.com/acme/dynamoguard/releases/download/v[0-9A-Za-z.-]+`)

// TestRelease makes a release of what lies here, for this platform, serves it, and installs it as the README says. In the place of the
// pack that other cases have, under both of its names and with nothing beside it, it stops what that stops.
func TestRelease(t *testing.T) {
	dist, commit := released(t)
	server := httptest.NewServer(http.FileServer(http.Dir(dist)))
	t.Cleanup(server.Close)
	version := packVersion(t)
	archive := packFile + "-v" + version + "-" + runtime.GOOS + "-" + runtime.GOARCH + ".tar.gz"

	// What the README says for this system; what is downloaded comes to an empty folder.
	install := func(t *testing.T) (bin, output string, err error) {
		t.Helper()
		home, downloads := t.TempDir(), t.TempDir()
		command := exec.CommandContext(t.Context(), "sh", "-c", releases.ReplaceAllLiteralString(installLines(t), server.URL))
		command.Dir = downloads
		command.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH")}
		out, err := command.CombinedOutput()
		return filepath.Join(home, ".local", "bin"), string(out), err
	}
	bin, output, err := install(t)
	if err != nil || output != archive+": OK\n" {
		t.Fatalf("%v\n%s", err, output)
	}
	if diff := cmp.Diff([]string{"dynamoguard", packFile}, names(t, bin)); diff != "" {
		t.Errorf("what is installed (-want +got):\n%s", diff)
	}
	about, err := exec.CommandContext(t.Context(), filepath.Join(bin, "dynamoguard"), "--version").Output()
	if want := "dynamoguard " + version + "\ncommit   " + commit + " of 2026-02-03T04:05:06Z\ncompiled by " + runtime.Version() + " for "; err != nil || !strings.HasPrefix(string(about), want) {
		t.Errorf("%v, %s, want %s", err, about, want)
	}
	engineAsks(t, filepath.Join(bin, packFile), version)

	for _, name := range []string{packFile, "dynamoguard"} {
		t.Run(name, func(t *testing.T) {
			s := harness.NewStack(t, violated, violations(false), harness.Packed(filepath.Join(bin, name)))
			check(t, "preview", s.Preview(), stopped(violationEvents("mandatory")...))
			s = harness.NewStack(t, violated, violations(true), harness.Packed(filepath.Join(bin, name)))
			check(t, "preview", s.Preview(), passes())
		})
	}

	// The CLI installs it as a plugin of its own, as docs/install.md says.
	t.Run("by Pulumi", func(t *testing.T) {
		page := releases.ReplaceAllLiteralString(string(read(t, filepath.Join("..", "docs", "install.md"))), server.URL)
		line := regexp.MustCompile(`(?m)^pulumi (plugin install .*)$`).FindStringSubmatch(page)
		if line == nil {
			t.Fatal("docs/install.md does not say how")
		}
		s := harness.NewStack(t, violated, violations(false))
		if stdout, stderr, code := s.RunPulumi(strings.Fields(line[1])...); code != 0 {
			t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
		}
		installed := filepath.Join(s.Sandbox().Home(), "plugins", "analyzer-dynamoguard-v"+version, packFile)
		s = harness.NewStack(t, violated, violations(false), harness.Packed(installed))
		check(t, "preview", s.Plain(), stopped(violationEvents("mandatory")...))
	})

	// What is not what was released is not installed, and what has no sum neither.
	t.Run("changed", func(t *testing.T) {
		content := read(t, filepath.Join(dist, archive))
		content[len(content)/2] ^= 1
		rewrite(t, filepath.Join(dist, archive), content)
		bin, output, err := install(t)
		if _, found := os.Stat(bin); err == nil || found == nil || !strings.Contains(output, archive+": FAILED\n") {
			t.Errorf("%v, %v\n%s", err, found, output)
		}
		rewrite(t, filepath.Join(dist, "SHA256SUMS"), nil)
		bin, output, err = install(t)
		if _, found := os.Stat(bin); err == nil || found == nil {
			t.Errorf("no sum: %v, %v\n%s", err, found, output)
		}
	})
}

// TestBillOfMaterials validates the bill of a release by the schema of CycloneDX, and holds it to what the binary says of itself. The schema is
// https://github.com/CycloneDX/specification/blob/1.5/schema/bom-1.5.schema.json, as npm's @cyclonedx/cyclonedx-library 10.3.0 has it.
func TestBillOfMaterials(t *testing.T) {
	dist, _ := released(t)
	name := packFile + "-v" + packVersion(t) + "-" + runtime.GOOS + "-" + runtime.GOARCH
	text := read(t, filepath.Join(dist, name+".cdx.json"))

	const site, folder = "http://cyclonedx.org/schema/", "testdata/cyclonedx"
	compiler := jsonschema.NewCompiler()
	for _, file := range names(t, folder) {
		if err := compiler.AddResource(site+file, bytes.NewReader(read(t, filepath.Join(folder, file)))); err != nil {
			t.Fatal(err)
		}
	}
	schema, err := compiler.Compile(site + "bom-1.5.SNAPSHOT.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	valid := func(text []byte) error {
		var value any
		if err := json.Unmarshal(text, &value); err != nil {
			t.Fatal(err)
		}
		return schema.Validate(value)
	}
	if err := valid(text); err != nil {
		t.Errorf("%#v", err)
	}
	for _, change := range [][2]string{
		{`"specVersion": "1.5"`, `"specVersion": 1.5`}, {`"alg": "SHA-256"`, `"alg": "SHA256"`}, {`"type": "library"`, `"type": "module"`},
		{`"serialNumber": "urn:uuid:`, `"serialNumber": "`}, {`"bom-ref"`, `"ref"`},
	} {
		if valid(bytes.Replace(text, []byte(change[0]), []byte(change[1]), 1)) == nil {
			t.Errorf("it is as valid with %s", change[1])
		}
	}

	var bill struct {
		Components []struct{ Name, Version string }
	}
	if err := json.Unmarshal(text, &bill); err != nil {
		t.Fatal(err)
	}
	listed := map[string]string{}
	for _, c := range bill.Components {
		listed[c.Name] = c.Version
	}
	binary := filepath.Join(t.TempDir(), packFile)
	untar := exec.CommandContext(t.Context(), "tar", "-xzf", filepath.Join(dist, name+".tar.gz"), "-C", filepath.Dir(binary), packFile)
	if out, err := untar.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	said, err := exec.CommandContext(t.Context(), "go", "version", "-m", binary).Output()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"std": strings.TrimPrefix(runtime.Version(), "go")}
	for _, dep := range regexp.MustCompile(`(?m)^\tdep\t(\S+)\t(\S+)`).FindAllStringSubmatch(string(said), -1) {
		want[dep[1]] = dep[2]
	}
	if diff := cmp.Diff(want, listed); diff != "" {
		t.Errorf("what is in the bill and not in the binary, or the reverse (-binary +bill):\n%s", diff)
	}
	// Not where it was made.
	if folder := filepath.Dir(dist); bytes.Contains(read(t, binary), []byte(folder)) {
		t.Errorf("the binary names %s", folder)
	}
}

// released returns the folder of a release for this platform, of the files of this repository as they lie here, and the commit that has
// them, in a clone that is elsewhere.
func released(t *testing.T) (dist, commit string) {
	t.Helper()
	folder := t.TempDir()
	run := func(dir, name string, args ...string) string {
		command := exec.CommandContext(t.Context(), name, args...)
		command.Dir = dir
		const at = "2026-02-03T04:05:06Z"
		command.Env = append(os.Environ(), "GIT_AUTHOR_DATE="+at, "GIT_COMMITTER_DATE="+at, "GIT_CONFIG_GLOBAL="+os.DevNull)
		var stderr bytes.Buffer
		command.Stderr = &stderr
		out, err := command.Output()
		if err != nil {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, stderr.String())
		}
		return strings.TrimSpace(string(out))
	}
	for file := range strings.SplitSeq(run("..", "git", "ls-files", "-co", "--exclude-standard"), "\n") {
		text, err := os.ReadFile(filepath.Join("..", file))
		if os.IsNotExist(err) || strings.HasPrefix(file, "e2e/") {
			continue // removed and not yet committed; or no part of the pack
		} else if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(folder, file)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, file), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run(folder, "git", "init", "-q")
	run(folder, "git", "add", ".")
	run(folder, "git", "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", "release")
	run(folder, "go", "run", "./internal/release", "-platforms", runtime.GOOS+"/"+runtime.GOARCH, "-tag", "v"+packVersion(t))
	return filepath.Join(folder, "dist"), run(folder, "git", "rev-parse", "HEAD")
}

// installLines returns the lines by which the README has the pack installed on this system.
func installLines(t *testing.T) string {
	t.Helper()
	page := string(read(t, filepath.Join("..", "README.md")))
	for _, block := range regexp.MustCompile("(?s)\n```sh\n(.*?)```\n").FindAllStringSubmatch(page, -1) {
		if strings.Contains(block[1], "-"+runtime.GOOS+"-") && releases.MatchString(block[1]) {
			return block[1]
		}
	}
	t.Fatalf("README.md does not say how the pack is installed on %s", runtime.GOOS)
	return ""
}

// engineAsks holds the version that the engine is told of, by either of the calls that say it.
func engineAsks(t *testing.T, pack, version string) {
	t.Helper()
	plugin := wire.Start(t, pack, wire.Engine(t))
	info, err := plugin.GetPluginInfo(t.Context(), &emptypb.Empty{})
	if err != nil || info.GetVersion() != version {
		t.Errorf("GetPluginInfo says %s, %v", info, err)
	}
	analyzer, err := plugin.GetAnalyzerInfo(t.Context(), &emptypb.Empty{})
	if err != nil || analyzer.GetVersion() != version {
		t.Errorf("GetAnalyzerInfo says %s, %v", analyzer.GetVersion(), err)
	}
}

func names(t *testing.T, folder string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		all = append(all, entry.Name())
	}
	return all
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func rewrite(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

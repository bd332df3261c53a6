//go:build unix

package command_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"

	"dynamoguard/internal/foresight"
	"dynamoguard/internal/session"
)

const (
	stream   = "arn:aws:dynamodb:us-east-1:111122223333:table/orders/stream/2015-06-27T00:48:05.899"
	table    = "arn:aws:dynamodb:us-east-1:111122223333:table/orders"
	wildcard = `iam-wildcard-action policy.Statement[0].Action "dynamodb:*" grants `
	onStream = wildcard + "9 DynamoDB actions, DeleteResourcePolicy among them; "
	onTable  = wildcard + "57 DynamoDB actions, DeleteTable among them; "
	listThem = "list the actions the workload calls, or name the policy in boundaries if it is a permission boundary. SOC 2: CC6.1, CC6.3"
	rests    = "it rests on a stand-in for what AWS will make up; "
)

// A foreseen is a foreseen preview: its session, the folder of that, and an engine.
type foreseen struct {
	*session.State
	socket, folder string
	engine         string // its address
	end            func() // of the session
}

func foresee(t *testing.T) foreseen {
	t.Helper()
	folder, err := os.MkdirTemp("", "dg") // the path of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	f := foreseen{State: session.New(true, nil), socket: filepath.Join(folder, "s"), folder: folder}
	listener, err := net.Listen("unix", f.socket)
	if err != nil {
		t.Fatal(err)
	}
	f.end = func() { _ = listener.Close() }
	t.Cleanup(f.end)
	go f.Serve(listener)

	_, f.engine = startEngine(t)
	return f
}

// issue foresees a stream.
func (f foreseen) issue(t *testing.T) {
	t.Helper()
	client, err := session.Dial(f.socket)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	err = client.Issue(session.Issue{URN: "urn:pulumi:dev::shop::aws:dynamodb/table:Table::orders", Values: []foresight.Value{
		{Property: "arn", Text: table}, {Property: "streamArn", Text: stream, StandIn: true},
	}})
	if err != nil {
		t.Fatal(err)
	}
}

// A pack is a process of the pack, as the engine starts it.
type pack struct {
	pulumirpc.AnalyzerClient
	process *exec.Cmd
}

// pack starts the pack from a folder of the session's.
func (f foreseen) pack(t *testing.T, folder string) pack {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(f.folder, folder, "pulumi-analyzer-dynamoguard")
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, name); err != nil {
		t.Fatal(err)
	}
	home := t.TempDir() // and a backend without stacks
	if err := os.MkdirAll(filepath.Join(home, ".pulumi", "stacks"), 0o700); err != nil {
		t.Fatal(err)
	}
	process, connection := startPack(t, name, f.engine,
		packed+"=1", session.Variable+"="+f.socket, "HOME="+home, "XDG_CACHE_HOME="+home, "PULUMI_BACKEND_URL=file://"+home)
	p := pack{pulumirpc.NewAnalyzerClient(connection), process}
	_, err = p.ConfigureStack(t.Context(), &pulumirpc.AnalyzerStackConfigureRequest{DryRun: true, Organization: "acme", Project: "shop", Stack: "dev"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// stop ends the pack as the engine does.
func (p pack) stop(t *testing.T) {
	t.Helper()
	if err := p.process.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := p.process.Wait(); err != nil {
		t.Fatal(err)
	}
}

const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

// policyURN is that of the only policy of the stack.
const policyURN = "urn:pulumi:dev::shop::aws:iam/policy:Policy::clerk"

func document(t *testing.T, policy string) *structpb.Struct {
	t.Helper()
	s, err := structpb.NewStruct(map[string]any{"policy": policy})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// everything is a document that grants all of DynamoDB on a resource.
func everything(on string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"dynamodb:*","Resource":"` + on + `"}]}`
}

// analyze judges a policy, by all of the response: each diagnostic with its level, and why each policy says nothing.
func (p pack) analyze(t *testing.T, policy string) (diagnostics, reasons []string) {
	t.Helper()
	response, err := p.Analyze(t.Context(), &pulumirpc.AnalyzeRequest{
		Type: "aws:iam/policy:Policy", Name: "clerk", Urn: policyURN, Properties: document(t, policy),
	})
	return said(t, response, err)
}

// analyzeStack judges the stack at its end.
func (p pack) analyzeStack(t *testing.T, policy string) (diagnostics, reasons []string) {
	t.Helper()
	response, err := p.AnalyzeStack(t.Context(), &pulumirpc.AnalyzeStackRequest{Resources: []*pulumirpc.AnalyzerResource{
		{Type: "pulumi:pulumi:Stack", Name: "shop-dev", Urn: "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"},
		{Type: "aws:iam/policy:Policy", Name: "clerk", Urn: policyURN, Properties: document(t, policy)},
	}})
	return said(t, response, err)
}

func said(t *testing.T, response *pulumirpc.AnalyzeResponse, err error) (diagnostics, reasons []string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range response.Diagnostics {
		message, _, _ := strings.Cut(d.Message, " (configuration ")
		diagnostics = append(diagnostics, strings.ToLower(d.EnforcementLevel.String())+" "+d.PolicyName+" "+message)
	}
	for _, n := range response.NotApplicable {
		reasons = append(reasons, n.PolicyName+": "+n.Reason)
	}
	return diagnostics, reasons
}

func expect(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func (f foreseen) expectJudged(t *testing.T, what string, want session.Judged) {
	t.Helper()
	got, ok := f.Judged()
	if !ok {
		t.Errorf("%s: nothing was said of what was judged", what)
	}
	expect(t, what, got, want)
}

// TestStandIn: what rests on a value that was issued as a stand-in in this run is advisory, whenever it was issued; what rests on a
// determined one, or on a literal, is not. The session is told of the first violation, of the whole stack at its end, and of all
// at the end of the process.
func TestStandIn(t *testing.T) {
	f := foresee(t)
	p := f.pack(t, session.PackFolder)
	got, _ := p.analyze(t, everything(stream))
	expect(t, "a literal", got, []string{"mandatory " + onStream + listThem})
	f.expectJudged(t, "a literal", session.Judged{Documents: 1, Of: 1, Violations: 1})

	f.issue(t)
	got, _ = p.analyze(t, everything(stream))
	expect(t, "a stand-in", got, []string{"advisory " + onStream + rests + listThem})
	got, _ = p.analyzeStack(t, everything(stream))
	expect(t, "the stack", got, []string(nil))
	f.expectJudged(t, "at the end", session.Judged{Documents: 1, Of: 1})

	got, _ = p.analyze(t, everything(table))
	expect(t, "a determined value", got, []string{"mandatory " + onTable + listThem})
	if f.Enforced() {
		t.Error("the session's own pack counts as one that the organization enforces")
	}
	p.stop(t)
	f.expectJudged(t, "a determined value", session.Judged{Documents: 1, Of: 1, Violations: 1})
}

// TestStopped: of a preview that fails before its end the session is told what was judged until then.
func TestStopped(t *testing.T) {
	f := foresee(t)
	p := f.pack(t, session.PackFolder)
	got, _ := p.analyze(t, unknown)
	expect(t, "an unknown document", got, []string(nil))
	if j, ok := f.Judged(); ok {
		t.Errorf("%+v before the end, without a violation", j)
	}
	p.stop(t)
	f.expectJudged(t, "stopped", session.Judged{Of: 1})
}

// TestEnforced: beside the organization's own pack the one that the session added judges nothing, and says why; whichever of the two
// comes first.
func TestEnforced(t *testing.T) {
	const left = "the organization's own dynamoguard judges this run, by the organization's configuration"
	for _, order := range [][]string{{session.PackFolder, "organization"}, {"organization", session.PackFolder}} {
		f := foresee(t)
		packs := map[string]pack{}
		for _, folder := range order {
			packs[folder] = f.pack(t, folder)
		}
		added, own := packs[session.PackFolder], packs["organization"]
		info, err := added.GetAnalyzerInfo(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, p := range info.Policies {
			want = append(want, p.Name+": "+left)
		}
		got, reasons := added.analyze(t, everything(table))
		expect(t, "the added one", got, []string(nil))
		got, atEnd := added.analyzeStack(t, unknown)
		expect(t, "the added one of the stack", got, []string(nil))
		reasons = append(reasons, atEnd...)
		slices.Sort(reasons)
		slices.Sort(want)
		expect(t, "why the added one is silent", reasons, want)
		added.stop(t)
		if j, ok := f.Judged(); ok {
			t.Errorf("the added pack counts %+v", j)
		}
		got, _ = own.analyze(t, everything(table))
		expect(t, "the organization's", got, []string{"mandatory " + onTable + listThem})
		own.stop(t)
		f.expectJudged(t, "the organization's", session.Judged{Documents: 1, Of: 1, Violations: 1})
		if !f.Enforced() {
			t.Error("the organization's pack does not count as one")
		}
	}
}

// TestSessionGone: where the session has gone, a preview is a plain one.
func TestSessionGone(t *testing.T) {
	f := foresee(t)
	f.end()
	p := f.pack(t, session.PackFolder)
	got, _ := p.analyze(t, unknown)
	expect(t, "a document", got, []string(nil))
	got, _ = p.analyzeStack(t, unknown)
	expect(t, "the stack", got, []string{"advisory dynamoguard 0 of 1 policy document was judged; the rest is not known in a preview, " +
		"`dynamoguard preview` judges it now, and `pulumi up` judges each before it is created: " + `policy of aws:iam:Policy "clerk"`})
	p.stop(t)
}

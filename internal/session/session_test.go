package session_test

import (
	"net"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/foresight"
	"dynamoguard/internal/session"
)

// serve serves a state and returns a client of it.
func serve(t *testing.T, state *session.State) *session.Client {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		state.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	client, err := session.Dial(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

const (
	urn   = "urn:pulumi:dev::shop::aws:dynamodb/table:Table::"
	arn   = "arn:aws:dynamodb:us-east-1:111122223333:table/"
	token = "aws:dynamodb/getTable:getTable"
)

func table(name string) session.Issue {
	return session.Issue{
		URN:    urn + name,
		Values: []foresight.Value{{Property: "arn", Text: arn + name}},
		Names:  []string{name, arn + name},
	}
}

// TestForward: a forwarder is told what was asked for, and they are counted.
func TestForward(t *testing.T) {
	state := session.New(false, []string{urn + "orders"})
	client := serve(t, state)
	for range 2 {
		got, err := client.Forward()
		must(t, err)
		equal(t, "may be foreseen", session.May{Not: []string{urn + "orders"}}, got)
	}
	equal(t, "forwarders", 2, state.Forwarders())
	got, err := serve(t, session.New(true, nil)).Forward()
	must(t, err)
	equal(t, "with stand-ins", session.May{StandIns: true}, got)
}

// TestIssues: they are in the order of their first creation, and the last of each counts.
func TestIssues(t *testing.T) {
	state := session.New(true, nil)
	client := serve(t, state)
	carts := table("carts")
	carts.Auto, carts.Values[0].Secret = true, true
	for _, issue := range []session.Issue{table("orders"), table("carts"), carts} {
		must(t, client.Issue(issue))
	}
	equal(t, "issued", []session.Issue{table("orders"), carts}, state.Issued())
}

// TestStandIns: what is made of another resource's stand-in is one as well, and what came before it is not. Each is told once, also
// what a resource has of them only when it is issued again.
func TestStandIns(t *testing.T) {
	const vpc, endpoint = "vpc-0a1b2c3d4e5f67890", "vpce-0a1b2c3d4e5f67890"
	state := session.New(true, nil)
	client := serve(t, state)
	issue := func(standIn bool, texts ...string) session.Issue {
		i := session.Issue{URN: urn + texts[0]}
		for _, text := range texts {
			i.Values = append(i.Values, foresight.Value{Text: text, StandIn: standIn})
		}
		return i
	}
	tell := func(issues ...session.Issue) {
		for _, i := range issues {
			must(t, client.Issue(i))
		}
	}
	standIns := func(n int, want ...string) {
		t.Helper()
		got, err := client.StandIns(n)
		must(t, err)
		equal(t, "stand-ins", want, got)
	}
	first, plain, made := issue(true, vpc), issue(false, "vpc-of-shop"), issue(false, arn+"of-"+vpc, "vpc-of-carts")
	tell(plain, first, made)
	made.Values[0].StandIn = true
	equal(t, "issued", []session.Issue{plain, first, made}, state.Issued())
	standIns(0, vpc, arn+"of-"+vpc)
	tell(made, issue(true, vpc, endpoint))
	standIns(2, endpoint)
	standIns(3)
	standIns(4)
}

// TestNamed: an ARN may stand in a text, a name has to be the whole of it.
func TestNamed(t *testing.T) {
	client := serve(t, session.New(true, nil))
	must(t, client.Issue(table("orders")))
	must(t, client.Issue(table("carts")))
	for _, c := range []struct {
		texts []string
		want  []string
	}{
		{nil, nil},
		{[]string{"orders"}, []string{urn + "orders"}},
		{[]string{"x", "carts", "orders"}, []string{urn + "orders", urn + "carts"}},
		{[]string{"orders-2"}, nil},
		{[]string{"in " + arn + "carts/index/by-day"}, []string{urn + "carts"}},
		{[]string{""}, nil},
	} {
		got, err := client.Named(session.Asked{Token: token, Texts: c.texts})
		must(t, err)
		equal(t, "named by a lookup", c.want, got)
	}
}

// TestStartAgain: who asks is not kept waiting, however many do.
func TestStartAgain(t *testing.T) {
	state := session.New(true, nil)
	client := serve(t, state)
	for range 1000 {
		must(t, client.StartAgain(session.Again{Token: token, URNs: []string{urn + "orders"}}))
	}
	equal(t, "the first that asked", session.Again{Token: token, URNs: []string{urn + "orders"}}, <-state.Again())
}

// TestPacks: the organization's pack is known of before the first resource, and what was judged last counts.
func TestPacks(t *testing.T) {
	state := session.New(true, nil)
	client := serve(t, state)
	if _, ok := state.Judged(); ok {
		t.Error("something was judged before a pack said so")
	}
	for _, c := range []struct{ added, enforced bool }{{true, false}, {false, true}, {true, true}} {
		must(t, client.Join(c.added))
		enforced, err := client.Enforced()
		must(t, err)
		equal(t, "enforced, as the pack is told", c.enforced, enforced)
		equal(t, "enforced", c.enforced, state.Enforced())
	}
	must(t, client.Judge(session.Judged{Documents: 1, Of: 2}))
	must(t, client.Judge(session.Judged{Documents: 2, Of: 2, Violations: 1}))
	judged, ok := state.Judged()
	equal(t, "judged", session.Judged{Documents: 2, Of: 2, Violations: 1}, judged)
	if !ok {
		t.Error("nothing was judged")
	}
}

// TestNotes: each is kept once, in a line.
func TestNotes(t *testing.T) {
	state := session.New(true, nil)
	client := serve(t, state)
	for _, note := range []string{"a", "b:\n\t* c\n", "a"} {
		must(t, client.Note(note))
	}
	equal(t, "notes", []string{"a", "b: * c"}, state.Notes())
}

// TestEnd: no client takes a session for one that goes on.
func TestEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", path)
	must(t, err)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		session.New(true, nil).Serve(listener)
	}()
	client, err := session.Dial(path)
	must(t, err)
	must(t, client.Join(true))
	must(t, listener.Close())
	<-ended
	if err := client.Join(true); err == nil {
		t.Error("it answers")
	}
}

package command

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"dynamoguard/internal/foresight"
	"dynamoguard/internal/session"
)

// TestStandInsOnce: the stand-ins of a session are told once each, and nothing else of what it issued.
func TestStandInsOnce(t *testing.T) {
	folder, err := os.MkdirTemp("", "dg") // the path of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	socket := filepath.Join(folder, "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go session.New(true, nil).Serve(listener)
	client, err := session.Dial(socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	joined := join(socket, filepath.Join(folder, "pulumi-analyzer-dynamoguard"))
	for _, name := range []string{"vpc-0a1b2c3d4e5f67890", "vpce-0a1b2c3d4e5f67890"} {
		values := []foresight.Value{{Property: "arn", Text: "arn of it"}, {Property: "streamArn", Text: name, StandIn: true}}
		if err := client.Issue(session.Issue{URN: name, Values: values}); err != nil {
			t.Fatal(err)
		}
		if got := joined.StandIns(); !slices.Equal(got, []string{name}) {
			t.Errorf("after %s was issued: %q", name, got)
		}
	}
	if got := joined.StandIns(); got != nil {
		t.Errorf("after nothing was issued: %q", got)
	}
}

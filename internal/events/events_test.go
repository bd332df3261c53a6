package events_test

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"

	"dynamoguard/internal/events"
)

// service is that of the Automation API. It takes one stream, as that does.
type service struct {
	pulumirpc.UnimplementedEventsServer
	got chan []string
}

func (s *service) StreamEvents(stream pulumirpc.Events_StreamEventsServer) error {
	var got []string
	for {
		request, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			s.got <- got
			return stream.SendAndClose(&emptypb.Empty{})
		}
		if err != nil {
			return err
		}
		got = append(got, request.GetEvent())
	}
}

func TestDeliver(t *testing.T) {
	folder := t.TempDir()
	log, to := filepath.Join(folder, "log"), filepath.Join(folder, "to")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &service{got: make(chan []string, 1)}
	server := grpc.NewServer()
	pulumirpc.RegisterEventsServer(server, s)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	address := "tcp://" + listener.Addr().String()

	for _, to := range []string{to, address} {
		if err := events.Deliver(t.Context(), log, to); err != nil {
			t.Errorf("no log, to %s: %v", to, err)
		}
	}
	if _, err := os.Lstat(to); err == nil || len(s.got) > 0 {
		t.Error("something was handed on where there was no log")
	}
	const text = "{\"sequence\":1}\n{\"sequence\":2,\"text\":\"<é>\"}\n"
	if err := os.WriteFile(log, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{to, address} {
		if err := events.Deliver(t.Context(), log, to); err != nil {
			t.Errorf("to %s: %v", to, err)
		}
	}
	if got, err := os.ReadFile(to); string(got) != text || err != nil {
		t.Errorf("the file: %q, %v", got, err)
	}
	if diff := cmp.Diff([]string{`{"sequence":1}`, `{"sequence":2,"text":"<é>"}`}, <-s.got); diff != "" {
		t.Errorf("the service (-want +got):\n%s", diff)
	}
	server.Stop()
	if err := events.Deliver(t.Context(), log, address); err == nil {
		t.Error("it was handed to nobody")
	}
}

package command

import (
	"os"
	"os/signal"
	"syscall"

	"dynamoguard/internal/files"
)

// droppedBySignals has a batch dropped where a signal ends the program, which it then does as any that does not ask for signals. A pipe
// that nobody reads any more is an error of who writes to it, so that the batch is dropped then as well.
func droppedBySignals(batch *files.Batch) (stop func()) {
	ends, pipe, stopped := make(chan os.Signal, 1), make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(ends, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	signal.Notify(pipe, syscall.SIGPIPE)
	go func() {
		select {
		case s := <-ends:
			batch.Drop()
			signal.Reset(s)
			if self, err := os.FindProcess(os.Getpid()); err != nil || self.Signal(s) != nil {
				os.Exit(int(codeNotJudged)) // where a process cannot send itself one
			}
		case <-stopped:
		}
	}()
	return func() {
		signal.Stop(ends)
		signal.Stop(pipe)
		close(stopped)
	}
}

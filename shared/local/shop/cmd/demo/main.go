// Command demo plays a small shop on a running stack and prints what came out: `make demo`.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/userops/userops/shared/local/shop"
	"github.com/userops/userops/shared/local/shop/play"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	client, progress := shop.New(), shop.NewProgress(os.Stdout)
	client.Notice = progress.Notice
	p := &play.Play{Client: client, Progress: progress, Out: os.Stdout, Seed: play.Seed, Now: time.Now}
	err := p.Perform(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

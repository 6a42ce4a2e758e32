// Reads lines "zone<TAB>start<TAB>count<TAB>schedule" and answers each with the run
// times that github.com/robfig/cron/v3 computes, as Unix seconds, or with "error".
package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron"
)

func main() {
	in := bufio.NewScanner(os.Stdin)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for in.Scan() {
		part := strings.SplitN(in.Text(), "\t", 4)
		zone, err := time.LoadLocation(part[0])
		if err != nil {
			panic(err)
		}
		start, _ := strconv.ParseInt(part[1], 10, 64)
		count, _ := strconv.Atoi(part[2])
		schedule, err := cron.ParseStandard(part[3])
		if err != nil {
			fmt.Fprintln(out, "error")
			continue
		}
		at := time.Unix(start, 0).In(zone)
		for i := 0; i < count; i++ {
			at = schedule.Next(at)
			if at.IsZero() {
				break
			}
			fmt.Fprint(out, at.Unix(), " ")
		}
		fmt.Fprintln(out)
	}
}

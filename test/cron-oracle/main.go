// Answers when the real robfig/cron fires next, as KEDA's cron scaler asks it.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata"

	"github.com/robfig/cron/v3"
)

// A line in: expression, tab, time zone, tab, Unix seconds. A line out: Unix seconds, `never`, or `refused`.
func main() {
	parser := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		fmt.Println(answer(parser, fields[0], fields[1], fields[2]))
	}
}

func answer(parser cron.Parser, expression, zone, from string) string {
	location, err := time.LoadLocation(zone)
	if err != nil {
		return "refused"
	}
	schedule, err := parser.Parse(expression)
	if err != nil {
		return "refused"
	}
	seconds, err := strconv.ParseInt(from, 10, 64)
	if err != nil {
		return "refused"
	}
	next := schedule.Next(time.Unix(seconds, 0).In(location))
	if next.IsZero() {
		return "never"
	}
	return strconv.FormatInt(next.Unix(), 10)
}

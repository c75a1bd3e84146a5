try_debug() {
  { sleep 1; lose_server "$REPLICATED"; echo "lost $(date +%T.%N)"; sleep 3; return_server "$REPLICATED"; echo "back $(date +%T.%N)"; } &
  local l=$!
  commits_on "$MAIN" 3 6
  wait $l
  on a 'cd $1/history; for g in $(ls | sort -n); do echo "$(grep -m1 "^#: generation" $g) $(grep -m1 "^#: host" $g) $(grep -c "^from" $g) $(stat -c %y $g)"; done' $MAIN/psl
  tail -15 /var/log/glusterfs/bricks/*3.log
}

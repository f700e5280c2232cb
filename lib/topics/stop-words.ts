/**
 * Words that are in prompts about anything: small ones, and those by which people ask. Where a language is
 * missing, its words are told by how many of its prompts they are in (vectorise.ts).
 */
const WORDS = `
a about above after again all also although always am an and any are aren't as at be because been before being below best better between both but by can can't cannot could
did didn't do does doesn't doing don't down during each either else enough etc even ever every few first for from further get gets getting give given go going good got had has
have having he help her here hers hi hello him his how however i i'd i'll i'm i've if in into is isn't it it's its itself just keep kind know last least less let let's like likely
look made make makes making many may me mean means might mine more most much must my myself name need needs never new next no not nothing now of off often on once one only or
other our ours out over own part per perhaps please possible put question quite rather really right said same say says see seem she should show since so some someone something
sort still such sure take tell than thank thanks that that's the their them then there these they thing things think this those though three through thus to together too two
under until up us use used useful uses using very via want wants was way ways we well were what what's when where whether which while who whom whose why will with within without
won't word words would write wrote yes yet you you'd you're your yours yourself

explain describe list create generate example examples answer summarize summarise compare difference short long brief detail detailed following text sentence sentences step steps
provide suggest recommend discuss discover find does work works working different simple based include including ask asked come point points act pretend based

der die das den dem des ein eine einen einem einer eines und oder aber nicht kein keine keinen ist sind war waren wird werden wurde hat haben hatte habe ich du er sie es wir ihr mich dich mir
dir uns euch mein meine meinen meinem meiner dein deine sein seine ihre ihren zu zum zur mit von vom für auf aus an am im in bei nach über unter vor zwischen durch um als wie was wer wo
wann warum welche welcher welches wenn dann dass ob so auch nur noch schon sehr mehr man kann kannst können könnte soll sollte muss bitte gib mal etwas gibt machen mache macht tun
schreibe schreib erkläre nenne erzähle beschreibe hier da sich bis ohne gegen damit deren dessen hallo danke unterschied wichtigsten gut beste besten genau

le la les l un une des du de d et ou mais pas ne n est sont était être a ai as ont avoir je j tu il elle on nous vous ils elles me m te t se s mon ma mes ton ta tes son sa ses notre votre
leur leurs ce cet cette ces c qui que qu quoi quel quelle quels quelles dont où quand comment pourquoi si dans en sur sous avec sans pour par au aux à entre plus moins très bien aussi peut
peux puis faire fait donne donner écris écrire explique raconte moi toi lui y comme tout tous toute toutes bonjour merci différence plait plaît

el la los las un una unos unas y o pero no es son era ser está están fue ha han he hay tengo tiene yo tú él ella nosotros ellos me te se le les lo mi mis tu tus su sus nuestro que qué quién
cuál cuáles cuándo cómo dónde por para con sin sobre entre de del al a en más menos muy bien también si sí como puede puedes puedo hacer hace haz dame dime escribe explica cuenta
este esta esto estos estas ese esa eso porque cuando donde todo todos hola gracias favor diferencia uno dos

o os as um uma uns umas e ou mas não é são era ser está estão foi tem têm eu ele ela nós eles meu minha meus seu sua que quê quem qual quais quando como onde por para com sem sobre entre do da
dos das no na nos nas ao à em mais menos muito bem também se pode posso fazer faça dê diga escreva explique conte este esta isto esse essa isso porque tudo olá obrigado diferença

il lo gli i un uno una e o ma non è sono era essere ho ha hanno io tu lui lei noi loro mi ti si ci vi mio mia miei suo sua che chi quale quali quando come dove perché per con senza su sul sulla
tra fra di del della dei delle dello al alla ai alle da dal dalla in nel nella nei più meno molto bene anche se può puoi posso fare dammi dimmi scrivi spiega racconta questo questa
questi quello cosa tutto ciao grazie differenza

de het een en of maar niet geen is zijn was ik je jij hij zij wij ze mijn jouw zijn haar ons dat die dit deze wat wie waar wanneer hoe waarom welke met van voor op in uit aan bij naar over
onder tussen door om als dan ook nog al zeer meer kan kunt kunnen moet geef schrijf leg vertel te er tot

i w z na nie się jest są był była jak jaki jaka jakie co czy do dla od po za przez przy o u a ale lub oraz że to ten ta te tego tej mój moja mnie mi ty ja on ona my go jej ich który która
które bardzo więcej może można napisz wyjaśnij podaj opisz proszę

och att det är en ett som på för med hur vad inte av till jag den varför skriv mellan mig om eller men kan du vi han hon de var har ska
ve bir bu için ne nasıl mi mı mu ile da de çok neden yaz arasında olan benim var ben sen o biz gibi daha en olarak nedir kadar ama veya bana açıkla

и в во не что он на я с со как а то все она так его но да ты к у же вы за бы по только ее её мне было вот от меня еще ещё нет о из ему теперь когда даже ну ли если уже или ни быть был него до
вас нибудь вам ведь там потом себя ничего ей может они тут где есть надо ней для мы тебя их чем была сам чтоб без будто чего раз тоже себе под будет тогда кто этот того потому этого какой
какая какие этом это эта эти мой моя можно при об про между почему сколько напиши объясни расскажи опиши дай пожалуйста привет составь сделай который которая которые

的 了 是 我 你 他 她 它 们 我们 你们 在 有 和 与 或 不 也 就 都 而 及 这 那 这个 那个 一个 一种 什么 怎么 怎样 如何 为什么 哪里 哪个 谁 多少 吗 呢 吧 请 用 给 写 写一 请问 解释 可以 能 要 会 对 把 被 从 到 以 为 之 上 下 中 里 关于 一下 一篇 一首 帮 帮我 如果 因为 所以 但是
の に は を た が で て と し れ さ ある いる も する から な こと として い や れる など なっ ない この ため その あっ よう また もの という あり まで られ なる へ か だ これ によって により おり より による ず なり られる において ください 教え 書い 何 どう なぜ どこ どの です ます について つい て下さい 私 あなた 説明 方 何です 作っ
في من على إلى الى عن مع بين بعد قبل حتى منذ هذا هذه ذلك تلك الذي التي ما ماذا من هو هي هم أنا انا أنت انت نحن هل كيف لماذا متى أين اين كم أي اي كل بعض غير ليس لا لم لن قد كان كانت يكون تكون إن أن ان أو او ثم و يا لي لك له لها لنا
اكتب أكتب اكتبي اشرح أشرح أعط أعطني اعطني أخبرني اخبرني لخص ترجم قل اذكر أذكر اقترح وضح أريد اريد يمكن يمكنك ممكن لو إذا اذا فضلك رجاء شكرا مرحبا السلام عليكم جدا أيضا ايضا أكثر اكثر مثل حول عند كما لكن
के का की को में से पर है हैं था थी थे और या नहीं यह वह ये वे मैं मुझे आप तुम हम क्या कैसे क्यों कब कहाँ कौन लिए एक बारे लिखो लिखें बताओ बताइए समझाओ कृपया करो करें
은 는 이 가 을 를 의 에 에서 로 으로 와 과 도 그 저 것 수 있다 없다 하다 무엇 어떻게 왜 어디 누가 해 줘 써 대해 대한 알려 설명 한 나 너 우리 좀
`;

export const STOP_WORDS: ReadonlySet<string> = new Set(WORDS.split(/\s+/).filter(Boolean));
